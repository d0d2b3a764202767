// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "driver/driver_api.h"
#include "replayer/launch_table.h"

namespace fib::replayer {

/// GPU times from events around launches, where there is no CUPTI: a few microseconds too long, and
/// none for graphs of several kernels. Throws driver::DriverError.
class EventTimes {
 public:
  explicit EventTimes(const driver::DriverApi& api) : api_(api) {}
  ~EventTimes();
  EventTimes(const EventTimes&) = delete;
  EventTimes& operator=(const EventTimes&) = delete;

  /// Before and after the launch of an operation, with its context current.
  void begin(std::size_t operation, CUstream stream);
  void end(CUstream stream);
  /// When the GPU is idle.
  void assign(LaunchTable& launches);

 private:
  struct Pair {
    std::size_t operation;
    CUevent before = nullptr, after = nullptr;
  };
  void record(CUevent& event, CUstream stream);

  const driver::DriverApi& api_;
  std::vector<Pair> pairs_;
};

}  // namespace fib::replayer
