// SPDX-License-Identifier: Apache-2.0
#include "replayer/steps.h"

#include <algorithm>
#include <vector>

namespace fib::replayer {
namespace {

constexpr std::size_t kMostLaunches = 65536, kLongestPeriod = 16384;
constexpr double kLeastMatch = 0.8, kTolerance = 0.001;

double match_at(std::span<const std::uint64_t> launches, std::size_t period) {
  std::size_t same = 0;
  for (std::size_t i = period; i < launches.size(); ++i)
    same += launches[i] == launches[i - period];
  return static_cast<double>(same) / static_cast<double>(launches.size() - period);
}

}  // namespace

std::optional<Repetition> find_repetition(std::span<const std::uint64_t> launches) {
  launches = launches.first(std::min(launches.size(), kMostLaunches));
  std::vector<Repetition> all;
  const std::size_t longest = std::min(launches.size() / 2, kLongestPeriod);
  for (std::size_t period = 1; period <= longest; ++period) {
    all.push_back({period, match_at(launches, period)});
    if (all.back().match == 1) break;
  }
  const auto better = [](const Repetition& a, const Repetition& b) { return a.match < b.match; };
  const auto best = std::max_element(all.begin(), all.end(), better);
  if (best == all.end() || best->match < kLeastMatch) return std::nullopt;
  // A longer period sees fewer of the launches that differ: that alone does not make it better.
  const double least = 1 - (2 * (1 - best->match) + kTolerance);
  return *std::find_if(all.begin(), all.end(),
                       [&](const Repetition& r) { return r.match >= least; });
}

std::vector<std::size_t> steps_of(const Repetition& repetition, std::size_t launches) {
  std::vector<std::size_t> starts;
  for (std::size_t at = 0; at + repetition.period <= launches; at += repetition.period)
    starts.push_back(at);
  return starts;
}

}  // namespace fib::replayer
