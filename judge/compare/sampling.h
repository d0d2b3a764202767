// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "judge/compare/comparison.h"
#include "judge/compare/token_mask.h"

namespace fib::judge {

/// Which tensors of a sampling Definition mean what; empty names where it has none.
struct SamplingRoles {
  std::string probs;                             ///< or
  std::string logits;                            ///< ... these, one of the two
  std::string rows;                              ///< which row of them each sample is from
  std::string top_k, top_p, min_p, temperature;  ///< tensors, or scalars
  std::string tokens;                            ///< the output
};
/// Nothing for a Definition that is not of op_type "sampling", or lacks probabilities or tokens.
[[nodiscard]] std::optional<SamplingRoles> sampling_roles(const registry::Definition& definition);

/// What each sample of a launch was drawn from.
class SamplingLaunch {
 public:
  /// `launch` outlives it. Throws std::invalid_argument with one line if tensors are missing or do
  /// not fit each other.
  SamplingLaunch(const ComparedLaunch& launch, const SamplingRoles& roles);

  [[nodiscard]] std::uint64_t samples() const { return samples_; }
  [[nodiscard]] std::uint64_t vocabulary() const { return vocabulary_; }
  [[nodiscard]] std::vector<double> probs(std::uint64_t sample) const;
  [[nodiscard]] SamplingLimits limits(std::uint64_t sample) const;

 private:
  [[nodiscard]] std::vector<double> parameter(const std::string& name, double missing) const;

  const ComparedLaunch& launch_;
  const ComparedLaunch::Tensor* source_ = nullptr;
  bool are_logits_ = false;
  std::uint64_t samples_ = 0, vocabulary_ = 0;
  std::vector<double> rows_, top_k_, top_p_, min_p_, temperature_;  ///< one, or one per sample
};

/// Counts what a sampler draws in many launches with the same inputs and other random numbers, and
/// says how far that is from what it should draw.
class SampleCounts {
 public:
  explicit SampleCounts(const SamplingLaunch& launch);

  /// The tokens of one more launch, one for each sample. Tokens outside the vocabulary count, too.
  void add(const std::vector<double>& tokens);

  /// The largest total variation distance of all samples: half the sum of |drawn - expected|.
  [[nodiscard]] double distance() const;
  /// The largest distance that a perfect sampler would show on average after as many draws.
  [[nodiscard]] double sampling_error() const;
  [[nodiscard]] std::uint64_t launches() const { return launches_; }

  /// Passes up to `threshold` (upstream's). While the sampling error is more than half of it
  /// nothing can be said: it passes, and `detail` says so. Reason: "wrong distribution".
  [[nodiscard]] Comparison verdict(double threshold = 0.2) const;

 private:
  [[nodiscard]] double distance(std::size_t sample) const;

  std::vector<std::vector<TokenShare>> expected_;
  std::vector<std::unordered_map<std::int64_t, std::uint64_t>> counts_;
  std::uint64_t launches_ = 0;
};

}  // namespace fib::judge
