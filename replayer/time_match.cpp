// SPDX-License-Identifier: Apache-2.0
#include "replayer/time_match.h"

#include <map>

namespace fib::replayer {
namespace {

/// How far to look for the next launch that fits, if records were lost or somebody else launched.
constexpr std::size_t kReach = 64;

bool fits(const LaunchTimes& times, std::span<const LaunchResult> launches,
          const LaunchTable& table) {
  if (times.size() != launches.size()) return false;
  return times.size() != 1 || times[0].name == table.kernel_name(launches[0]);
}

void assign(const LaunchTimes& times, std::span<LaunchResult> launches, const LaunchTable& table) {
  std::map<std::string, std::vector<double>> by_name;
  for (const KernelTime& time : times)
    by_name[time.name].push_back(static_cast<double>(time.end_ns - time.start_ns));
  std::map<std::string, std::size_t> used;
  for (LaunchResult& launch : launches) {
    const std::string name = table.kernel_name(launch);
    const auto found = by_name.find(name);
    std::size_t& next = used[name];
    if (found != by_name.end() && next < found->second.size())
      launch.gpu_ns = found->second[next++];
  }
}

}  // namespace

std::size_t match_times(const std::vector<LaunchTimes>& times,
                        const std::vector<std::size_t>& issued, LaunchTable& launches) {
  std::size_t at = 0, without = 0;
  for (const std::size_t operation : issued) {
    const std::span<LaunchResult> mine = launches.of(operation);
    if (mine.empty()) continue;
    std::size_t found = at;
    while (found < times.size() && found < at + kReach && !fits(times[found], mine, launches))
      ++found;
    if (found >= times.size() || found == at + kReach) {
      without += mine.size();
      continue;
    }
    assign(times[found], mine, launches);
    at = found + 1;
  }
  return without;
}

}  // namespace fib::replayer
