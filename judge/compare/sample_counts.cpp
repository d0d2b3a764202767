// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numbers>

#include "judge/compare/sampling.h"
#include "judge/compare/text.h"

namespace fib::judge {
namespace {

/// Half the sum of the mean deviations of as many binomial counts; near enough for a limit.
double mean_distance(const std::vector<TokenShare>& shares, double draws) {
  double sum = 0;
  for (const TokenShare& share : shares) {
    const double spread = share.share * (1 - share.share) / draws;
    // Of a token that is hardly ever drawn the count is 0, and off by its share.
    sum += std::min(std::sqrt(2 * spread / std::numbers::pi), 2 * share.share);
  }
  return std::min(sum / 2, 1.0);
}

}  // namespace

SampleCounts::SampleCounts(const SamplingLaunch& launch) : counts_(launch.samples()) {
  expected_.reserve(launch.samples());
  for (std::uint64_t i = 0; i < launch.samples(); ++i)
    expected_.push_back(shares_of(launch.probs(i), launch.limits(i)));
}

void SampleCounts::add(const std::vector<double>& tokens) {
  ++launches_;
  // What is no token of any vocabulary counts as -1.
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const bool usual = i < tokens.size() && tokens[i] >= 0 && tokens[i] < 0x1p53;
    ++counts_[i][usual ? static_cast<std::int64_t>(tokens[i]) : -1];
  }
}

// Half the sum of absolute differences is the sum of the positive ones: what was drawn too often.
double SampleCounts::distance(std::size_t sample) const {
  double missing = 0;
  for (const TokenShare& share : expected_[sample]) {
    const auto found = counts_[sample].find(static_cast<std::int64_t>(share.token));
    const double drawn = found == counts_[sample].end() ? 0 : static_cast<double>(found->second);
    missing += std::max(0.0, share.share - drawn / static_cast<double>(launches_));
  }
  return missing;
}

double SampleCounts::distance() const {
  double worst = 0;
  for (std::size_t i = 0; launches_ > 0 && i < expected_.size(); ++i)
    worst = std::max(worst, distance(i));
  return worst;
}

double SampleCounts::sampling_error() const {
  double worst = 0;
  for (const auto& shares : expected_)
    worst = std::max(worst,
                     launches_ == 0 ? 1.0 : mean_distance(shares, static_cast<double>(launches_)));
  return worst;
}

Comparison SampleCounts::verdict(double threshold) const {
  Comparison result;
  result.elements = launches_ * counts_.size();
  result.passed = true;
  const double error = sampling_error();
  if (error > threshold / 2) {
    result.detail = "after " + std::to_string(launches_) +
                    " launches the distribution can't be judged: even a perfect sampler is " +
                    number_text(error) + " off";
    return result;
  }
  const double off = distance();
  result.max_absolute = off;
  result.detail = "total variation distance " + number_text(off);
  if (off <= threshold) return result;
  result.passed = false;
  result.reason = "wrong distribution";
  result.detail += ", more than " + number_text(threshold);
  return result;
}

}  // namespace fib::judge
