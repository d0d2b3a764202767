// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

namespace fib::judge {

/// What a GPU said about its clocks at one time.
struct ClockReading {
  double at_ns = 0;  ///< on the clock of the samples
  double sm_mhz = 0;
  bool throttled = false;  ///< by heat or by the hardware's protection
  bool idle = false;       ///< it was doing nothing, so that its clocks say nothing
};

/// When a sample (a pair of measurements, say) was taken.
struct SampleTime {
  double begin_ns = 0, end_ns = 0;
};

/// Which samples to drop: those for which the GPU was throttled, or changed its clock by more than
/// `max_change` (relative). For a sample count the readings within it, the last before and the
/// first after it; without any it stays, since nothing speaks against it. A clock that changes
/// between samples drops none: it slows both sides of a pair alike. `readings` are ordered by time.
[[nodiscard]] std::vector<bool> samples_to_drop(std::span<const SampleTime> samples,
                                                std::span<const ClockReading> readings,
                                                double max_change = 0.02);

}  // namespace fib::judge
