// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <vector>

#include "driver/driver_api.h"
#include "replayer/devices.h"
#include "replayer/usage.h"

namespace fib::replayer {

/// The contexts of the replay by their recorded handles. They live until the process ends.
class Contexts {
 public:
  Contexts(const driver::DriverApi& api, const Plan& plan, const DeviceMap& map,
           Deviations& deviations)
      : api_(api), plan_(plan), map_(map), deviations_(deviations) {}

  /// After addresses were reserved. Throws driver::DriverError.
  void create(const Usage& usage);
  /// Makes the context current in this thread. 0 and unknown handles: the first one.
  CUcontext enter(std::uint64_t recorded);
  void enter(CUcontext context);
  [[nodiscard]] CUcontext find(std::uint64_t recorded) const;
  /// The context that memory of a recorded device is worked on with.
  [[nodiscard]] CUcontext of_device(int recorded) const;
  [[nodiscard]] const std::vector<CUcontext>& all() const { return all_; }
  /// Here, in this machine's numbers.
  [[nodiscard]] std::vector<CUdevice> devices() const;
  [[nodiscard]] CUdevice device_of(CUcontext context) const { return device_of_.at(context); }
  /// Waits for everything in every context.
  [[nodiscard]] CUresult synchronize();

 private:
  CUcontext make(const ContextPlan& plan);
  void apply_limits(const ContextPlan& plan);

  const driver::DriverApi& api_;
  const Plan& plan_;
  const DeviceMap& map_;
  Deviations& deviations_;
  std::map<std::uint64_t, CUcontext> by_handle_;
  std::map<int, CUcontext> by_device_;  ///< recorded ordinal
  std::map<CUcontext, CUdevice> device_of_;
  std::vector<CUcontext> all_;
  CUcontext current_ = nullptr;
};

}  // namespace fib::replayer
