// SPDX-License-Identifier: Apache-2.0
#include "judge/statistics/paired.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fib::judge {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool is_time(double ns) { return std::isfinite(ns) && ns > 0; }

std::vector<double> sorted_ratios(std::span<const Pair> pairs) {
  std::vector<double> ratios;
  ratios.reserve(pairs.size());
  for (const Pair& pair : pairs) {
    if (is_time(pair.incumbent_ns) && is_time(pair.candidate_ns))
      ratios.push_back(pair.incumbent_ns / pair.candidate_ns);
  }
  std::sort(ratios.begin(), ratios.end());
  return ratios;
}

double middle(const std::vector<double>& sorted) {
  const std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/// How many values at each end of `count` sorted ones lie outside the interval, and how sure one
/// can be of what remains.
struct Cut {
  std::size_t outside = 0;
  double confidence = 0;
};

// The true median misses the interval below if at most `outside` of all values lie below it; how
// many do is binomial with 1/2 whatever the distribution. The same above.
Cut cut_for(std::size_t count, double confidence) {
  const double n = static_cast<double>(count);
  double log_chance = -n * std::log(2.0);  // of exactly `i` values below the median
  double tail = std::exp(log_chance);
  Cut cut{0, std::max(0.0, 1 - 2 * tail)};
  for (std::size_t i = 1; i < (count + 1) / 2; ++i) {
    const double k = static_cast<double>(i);
    log_chance += std::log((n - k + 1) / k);
    tail += std::exp(log_chance);
    if (1 - 2 * tail < confidence) break;
    cut = {i, 1 - 2 * tail};
  }
  return cut;
}

/// Whether a rule looks at exactly this many pairs.
bool is_look(const StoppingRule& rule, std::uint64_t pairs) {
  if (pairs == rule.max_pairs) return true;
  for (std::uint64_t at = std::max(rule.min_pairs, 1u); at < rule.max_pairs; at *= 2) {
    if (at == pairs) return true;
  }
  return false;
}

unsigned looks_of(const StoppingRule& rule) {
  unsigned looks = 1;
  for (std::uint64_t at = std::max(rule.min_pairs, 1u); at < rule.max_pairs; at *= 2) ++looks;
  return looks;
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return middle(values);
}

RatioInterval ratio_interval(std::span<const Pair> pairs, double confidence) {
  const std::vector<double> ratios = sorted_ratios(pairs);
  if (ratios.empty()) return {1, 0, kInfinity, 0};
  const Cut cut = cut_for(ratios.size(), confidence);
  return {middle(ratios), ratios[cut.outside], ratios[ratios.size() - 1 - cut.outside],
          cut.confidence};
}

std::string_view to_string(Speed speed) {
  switch (speed) {
    case Speed::Faster: return "faster";
    case Speed::Slower: return "slower";
    case Speed::NoClearDifference: break;
  }
  return "no clear difference";
}

void PairedTest::add(const Pair& pair) {
  pairs_.push_back(pair);
  if (done() || !is_look(rule_, pairs_.size())) return;
  const RatioInterval known = interval();
  precise_ = known.confidence >= rule_.confidence &&
             (known.high - known.low) / 2 <= rule_.half_width * known.ratio;
}

bool PairedTest::done() const { return precise_ || pairs_.size() >= rule_.max_pairs; }

RatioInterval PairedTest::interval() const {
  const double looks = looks_of(rule_);
  const double each = 1 - (1 - rule_.confidence) / looks;
  RatioInterval known = ratio_interval(pairs_, each);
  // All looks together miss at most as often as the sum of what each misses.
  known.confidence = known.confidence >= each ? rule_.confidence
                                              : std::max(0.0, 1 - looks * (1 - known.confidence));
  return known;
}

Speed PairedTest::verdict() const {
  const RatioInterval known = interval();
  if (known.confidence < rule_.confidence) return Speed::NoClearDifference;
  if (known.low > 1 + rule_.margin) return Speed::Faster;
  if (known.high < 1 - rule_.margin) return Speed::Slower;
  return Speed::NoClearDifference;
}

}  // namespace fib::judge
