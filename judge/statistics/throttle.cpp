// SPDX-License-Identifier: Apache-2.0
#include "judge/statistics/throttle.h"

#include <algorithm>

namespace fib::judge {
namespace {

std::span<const ClockReading> readings_for(const SampleTime& sample,
                                           std::span<const ClockReading> readings) {
  const auto before = [](const ClockReading& reading, double time) { return reading.at_ns < time; };
  auto first = std::lower_bound(readings.begin(), readings.end(), sample.begin_ns, before);
  auto last = std::lower_bound(first, readings.end(), sample.end_ns, before);
  if (first != readings.begin()) --first;
  if (last != readings.end()) ++last;
  return {first, last};
}

bool is_disturbed(std::span<const ClockReading> readings, double max_change) {
  double lowest = 0, highest = 0;
  for (const ClockReading& reading : readings) {
    if (reading.throttled) return true;
    if (reading.idle || reading.sm_mhz <= 0) continue;
    lowest = lowest == 0 ? reading.sm_mhz : std::min(lowest, reading.sm_mhz);
    highest = std::max(highest, reading.sm_mhz);
  }
  return highest - lowest > max_change * highest;
}

}  // namespace

std::vector<bool> samples_to_drop(std::span<const SampleTime> samples,
                                  std::span<const ClockReading> readings, double max_change) {
  std::vector<bool> drop;
  drop.reserve(samples.size());
  for (const SampleTime& sample : samples)
    drop.push_back(is_disturbed(readings_for(sample, readings), max_change));
  return drop;
}

}  // namespace fib::judge
