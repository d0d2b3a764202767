// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>

#include "driver/driver_api.h"
#include "replayer/deviations.h"
#include "replayer/plan.h"

namespace fib::replayer {

/// Which device of this machine stands for a recorded one.
class DeviceMap {
 public:
  DeviceMap() = default;
  explicit DeviceMap(std::map<int, int> chosen) : chosen_(std::move(chosen)) {}
  [[nodiscard]] int operator()(int recorded) const {
    const auto found = chosen_.find(recorded);
    return found != chosen_.end() ? found->second : recorded;
  }

 private:
  std::map<int, int> chosen_;
};

/// After cuInit: throws Refusal where a device is not there or of another model, or the driver is
/// another one. With `force` the last two are deviations.
void check_devices(const driver::DriverApi& api, const Plan& plan, const std::set<int>& devices,
                   const DeviceMap& map, bool force, Deviations& deviations);

}  // namespace fib::replayer
