// SPDX-License-Identifier: Apache-2.0
#include "replayer/devices.h"

#include "driver/check.h"
#include "replayer/error.h"

namespace fib::replayer {
namespace {

std::string cuda_version(int version) {
  return std::to_string(version / 1000) + '.' + std::to_string(version % 1000 / 10);
}

void differ(const std::string& what, bool force, Deviations& deviations) {
  if (!force) throw Refusal(what + "; results may differ (--force replays all the same)");
  deviations.add(what);
}

const DevicePlan* recorded_device(const Plan& plan, int ordinal) {
  for (const DevicePlan& device : plan.devices)
    if (device.fixed.ordinal == ordinal) return &device;
  return nullptr;
}

}  // namespace

void check_devices(const driver::DriverApi& api, const Plan& plan, const std::set<int>& devices,
                   const DeviceMap& map, bool force, Deviations& deviations) {
  int version = 0, count = 0;
  FIB_DRIVER_CHECK(api, cuDriverGetVersion(&version));
  FIB_DRIVER_CHECK(api, cuDeviceGetCount(&count));
  if (plan.machine.driver_version != 0 && version != plan.machine.driver_version)
    differ("recorded with the driver of CUDA " + cuda_version(plan.machine.driver_version) +
               ", this one is of CUDA " + cuda_version(version),
           force, deviations);
  for (const int recorded : devices) {
    const int ordinal = map(recorded);
    if (ordinal < 0 || ordinal >= count)
      throw Refusal("the window uses GPU " + std::to_string(recorded) + ", and there is no GPU " +
                    std::to_string(ordinal) + " here (" + std::to_string(count) +
                    " in all); choose another one with --device-map");
    CUdevice device = 0;
    char name[256] = "";
    FIB_DRIVER_CHECK(api, cuDeviceGet(&device, ordinal));
    FIB_DRIVER_CHECK(api, cuDeviceGetName(name, sizeof name - 1, device));
    const DevicePlan* plan_device = recorded_device(plan, recorded);
    if (plan_device != nullptr && plan_device->name != name)
      differ("recorded on " + plan_device->name + ", and GPU " + std::to_string(ordinal) +
                 " here is " + name,
             force, deviations);
  }
}

}  // namespace fib::replayer
