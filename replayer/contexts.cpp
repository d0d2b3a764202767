// SPDX-License-Identifier: Apache-2.0
#include "replayer/contexts.h"

#include <algorithm>

#include "driver/check.h"

namespace fib::replayer {

CUcontext Contexts::make(const ContextPlan& plan) {
  CUdevice device = 0;
  FIB_DRIVER_CHECK(api_, cuDeviceGet(&device, map_(plan.device)));
  CUcontext context = nullptr;
  if (plan.created)
    FIB_DRIVER_CHECK(api_, cuCtxCreate_v2(&context, plan.flags, device));
  else
    FIB_DRIVER_CHECK(api_, cuDevicePrimaryCtxRetain(&context, device));
  if (device_of_.emplace(context, device).second) all_.push_back(context);
  by_device_.try_emplace(plan.device, context);
  enter(context);
  apply_limits(plan);
  return context;
}

void Contexts::apply_limits(const ContextPlan& plan) {
  for (const trace::ContextLimit& limit : plan.limits) {
    const auto which = static_cast<CUlimit>(limit.limit);
    std::size_t now = 0;
    if (api_.cuCtxGetLimit(&now, which) == CUDA_SUCCESS && now == limit.value) continue;
    if (api_.cuCtxSetLimit(which, limit.value) != CUDA_SUCCESS)
      deviations_.add("context limit " + std::to_string(limit.limit) + " can't be set to " +
                      std::to_string(limit.value));
  }
}

void Contexts::create(const Usage& usage) {
  for (const ContextPlan& plan : plan_.contexts)
    if (usage.contexts.contains(plan.handle)) by_handle_[plan.handle] = make(plan);
  for (const int device : usage.devices) {
    if (by_device_.contains(device)) continue;
    ContextPlan primary;
    primary.device = device;
    make(primary);
  }
}

void Contexts::enter(CUcontext context) {
  if (context == current_) return;
  FIB_DRIVER_CHECK(api_, cuCtxSetCurrent(context));
  current_ = context;
}

CUcontext Contexts::find(std::uint64_t recorded) const {
  const auto found = by_handle_.find(recorded);
  return found != by_handle_.end() ? found->second : all_.front();
}

CUcontext Contexts::enter(std::uint64_t recorded) {
  const CUcontext context = find(recorded);
  enter(context);
  return context;
}

CUcontext Contexts::of_device(int recorded) const {
  const auto found = by_device_.find(recorded);
  return found != by_device_.end() ? found->second : all_.front();
}

std::vector<CUdevice> Contexts::devices() const {
  std::vector<CUdevice> devices;
  for (const auto& [context, device] : device_of_)
    if (std::find(devices.begin(), devices.end(), device) == devices.end())
      devices.push_back(device);
  return devices;
}

CUresult Contexts::synchronize() {
  for (const CUcontext context : all_) {
    enter(context);
    if (const CUresult rc = api_.cuCtxSynchronize(); rc != CUDA_SUCCESS) return rc;
  }
  return CUDA_SUCCESS;
}

}  // namespace fib::replayer
