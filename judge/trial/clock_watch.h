// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "driver/nvml_api.h"
#include "judge/statistics/throttle.h"
#include "judge/trial_result.h"

namespace fib::judge {

/// Nanoseconds of the clock that ClockReading::at_ns is on.
[[nodiscard]] double steady_ns();

/// Looks at a GPU's clocks now and then, and keeps what was most extreme. Without NVML it sees
/// nothing.
class ClockWatch {
 public:
  void open(const std::string& uuid);
  /// Nothing is known: a clock of 0 that is not throttled.
  [[nodiscard]] ClockReading look();
  /// All looks so far.
  [[nodiscard]] const Clocks& clocks() const { return clocks_; }
  [[nodiscard]] bool is_open() const { return gpu_ != nullptr; }

 private:
  std::unique_ptr<driver::NvmlGpu> gpu_;
  std::uint64_t reasons_ = 0;
  Clocks clocks_;
};

}  // namespace fib::judge
