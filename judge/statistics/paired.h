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
/// nothing about the distribution: between two order statistics of the pairs' ratios, chosen by the
/// binomial distribution of how many lie below the median (the sign test turned round). What slows
/// both times of a pair alike cancels; outliers move the ends by one rank only. Assumed is that
/// pairs do not depend on each other and that neither side always goes first: take turns.
struct RatioInterval {
  double ratio = 1, low = 0, high = 0;
  double confidence = 0;  ///< that was reached; below what was asked for only with too few pairs
};
/// Pairs with a time that is not positive and finite show nothing and do not count. Without any
/// other the interval is from 0 to infinity, with confidence 0.
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

/// Collects pairs until enough is known. It looks after min_pairs, twice as many, four times ...
/// and after max_pairs. Looking often would make a difference appear where there is none, so the
/// looks share what may go wrong (Bonferroni): with K looks in the rule each takes its interval at
/// 1 - (1 - confidence) / K, and all K together are wrong with at most 1 - confidence. Stopping for
/// another reason, as the end of the time that there is, stands for the last look.
class PairedTest {
 public:
  explicit PairedTest(const StoppingRule& rule) : rule_(rule) {}

  void add(const Pair& pair);
  /// Whether it is time to stop: precise enough, or max_pairs.
  [[nodiscard]] bool done() const;
  /// Of all pairs so far. Its confidence is that of the whole procedure: the rule's, or less while
  /// there are too few pairs.
  [[nodiscard]] RatioInterval interval() const;
  /// A difference only if the whole interval lies beyond the margin, with the rule's confidence.
  [[nodiscard]] Speed verdict() const;
  [[nodiscard]] const std::vector<Pair>& pairs() const { return pairs_; }

 private:
  StoppingRule rule_;
  std::vector<Pair> pairs_;
  bool precise_ = false;
};

/// 0 for no values.
[[nodiscard]] double median(std::vector<double> values);

}  // namespace fib::judge
