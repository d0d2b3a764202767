// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace fib::judge {

/// Times of incumbent and candidate, measured one right after the other.
struct Pair {
  double incumbent_ns = 0, candidate_ns = 0;
};

/// The median of incumbent / candidate over all pairs, with a confidence interval that assumes
/// nothing about the distribution (order statistics of the pairs' ratios).
struct RatioInterval {
  double ratio = 1, low = 0, high = 0;
  double confidence = 0;  ///< that was reached; below what was asked for only with too few pairs
};
[[nodiscard]] RatioInterval ratio_interval(std::span<const Pair> pairs, double confidence);

enum class Speed : std::uint8_t { Faster, Slower, NoClearDifference };
/// "faster", "slower", "no clear difference".
[[nodiscard]] std::string_view to_string(Speed speed);

/// When to stop, and what to say.
struct StoppingRule {
  std::uint32_t min_pairs = 20, max_pairs = 400;
  double confidence = 0.95;   ///< of the whole procedure: looks in between are paid for
  double half_width = 0.005;  ///< relative; stop when the ratio is known this well
  double margin = 0.01;       ///< faster: low > 1 + margin; slower: high < 1 - margin
};

/// Collects pairs until enough is known. Looks at powers of two times min_pairs, so that looking
/// often does not make a difference appear where there is none.
class PairedTest {
 public:
  explicit PairedTest(const StoppingRule& rule) : rule_(rule) {}

  void add(const Pair& pair);
  /// Whether it is time to stop: precise enough, or max_pairs.
  [[nodiscard]] bool done() const;
  [[nodiscard]] RatioInterval interval() const;
  [[nodiscard]] Speed verdict() const;
  [[nodiscard]] const std::vector<Pair>& pairs() const { return pairs_; }

 private:
  StoppingRule rule_;
  std::vector<Pair> pairs_;
  std::uint32_t looks_ = 0;
  bool precise_ = false;
};

[[nodiscard]] double median(std::vector<double> values);

}  // namespace fib::judge
