// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/clock_watch.h"

#include <algorithm>
#include <chrono>

namespace fib::judge {

double steady_ns() {
  return std::chrono::duration<double, std::nano>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void ClockWatch::open(const std::string& uuid) {
  std::string why_not;
  gpu_ = driver::NvmlGpu::open(uuid, why_not);
}

ClockReading ClockWatch::look() {
  ClockReading reading;
  reading.at_ns = steady_ns();
  if (gpu_ == nullptr) return reading;
  const driver::GpuReading now = gpu_->read();
  if (now.sm_mhz) {
    reading.sm_mhz = *now.sm_mhz;
    clocks_.sm_mhz_min =
        clocks_.sm_mhz_min == 0 ? *now.sm_mhz : std::min(clocks_.sm_mhz_min, *now.sm_mhz);
    clocks_.sm_mhz_max = std::max(clocks_.sm_mhz_max, *now.sm_mhz);
  }
  clocks_.memory_mhz = now.memory_mhz.value_or(clocks_.memory_mhz);
  clocks_.temperature = std::max(clocks_.temperature, now.temperature.value_or(0));
  clocks_.power_watts = std::max(clocks_.power_watts, now.power_watts.value_or(0));
  const std::uint64_t reasons = now.reasons.value_or(0);
  reading.throttled = (reasons & driver::kThrottleReasons) != 0;
  reading.idle = (reasons & driver::kGpuIdle) != 0;
  reasons_ |= reasons & driver::kThrottleReasons;
  clocks_.throttled = driver::reason_names(reasons_);
  return reading;
}

}  // namespace fib::judge
