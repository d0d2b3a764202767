// SPDX-License-Identifier: Apache-2.0
#include "dispatch/contexts.h"

#include <algorithm>

#include "recorder/rt_log.h"

namespace fib::dispatch {
namespace {

bool describe(const driver::DriverApi& api, int ordinal, Gpu& gpu) {
  CUdevice device = 0;
  char name[256] = "";
  int major = 0, minor = 0;
  if (api.cuDeviceGet(&device, ordinal) != CUDA_SUCCESS ||
      api.cuDeviceGetName(name, sizeof name, device) != CUDA_SUCCESS ||
      api.cuDeviceGetAttribute(&major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device) !=
          CUDA_SUCCESS ||
      api.cuDeviceGetAttribute(&minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device) !=
          CUDA_SUCCESS)
    return false;
  name[sizeof name - 1] = '\0';
  gpu = {name, static_cast<std::uint32_t>(major * 10 + minor)};
  return true;
}

/// Place of a kind in the list, a new one if there is room.
std::size_t kind_of(std::vector<Gpu>& gpus, const Gpu& gpu) {
  const auto found = std::find_if(gpus.begin(), gpus.end(), [&](const Gpu& known) {
    return known.name == gpu.name && known.arch == gpu.arch;
  });
  const auto place = static_cast<std::size_t>(found - gpus.begin());
  if (found != gpus.end()) return place;
  if (gpus.size() == Generation::kMostGpus) return Contexts::kNoGpu;
  gpus.push_back(gpu);
  return place;
}

}  // namespace

bool Contexts::discover() noexcept try {
  if (found_.load(std::memory_order_acquire)) return true;
  int count = 0;
  if (api_.cuDeviceGetCount(&count) != CUDA_SUCCESS || count <= 0) return false;
  std::vector<Gpu> gpus;
  std::vector<std::size_t> kinds;
  for (int i = 0; i < count; ++i) {
    Gpu gpu;
    kinds.push_back(describe(api_, i, gpu) ? kind_of(gpus, gpu) : kNoGpu);
  }
  if (gpus.empty()) return false;
  gpus_ = std::move(gpus);
  kinds_ = std::move(kinds);
  is_uniform_ =
      std::all_of(kinds_.begin(), kinds_.end(), [](std::size_t kind) { return kind == 0; });
  found_.store(true, std::memory_order_release);
  return true;
} catch (...) {
  recorder::say("out of memory; nothing is redirected");
  return false;
}

std::size_t Contexts::gpu_of(CUdevice device) const noexcept {
  const auto ordinal = static_cast<std::size_t>(device);
  return ordinal < kinds_.size() ? kinds_[ordinal] : kNoGpu;
}

std::size_t Contexts::ask_current() const noexcept {
  CUdevice device = 0;
  return api_.cuCtxGetDevice(&device) == CUDA_SUCCESS ? gpu_of(device) : kNoGpu;
}

bool Contexts::add(CUcontext context) noexcept try {
  const std::lock_guard lock(mutex_);
  if (std::find(contexts_.begin(), contexts_.end(), context) != contexts_.end()) return false;
  contexts_.push_back(context);
  return true;
} catch (...) {
  return true;  // a reload will not know of it, and leave loading to its first launch
}

void Contexts::remove(CUcontext context) noexcept {
  const std::lock_guard lock(mutex_);
  if (context == nullptr)
    contexts_.clear();
  else
    std::erase(contexts_, context);
}

void Contexts::set_primary(CUdevice device, CUcontext context) noexcept try {
  const std::lock_guard lock(mutex_);
  primaries_[device] = context;
} catch (...) {
  recorder::say("out of memory: the end of a context is not seen");
}

CUcontext Contexts::primary(CUdevice device) const noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = primaries_.find(device);
  return found != primaries_.end() ? found->second : nullptr;
}

std::vector<CUcontext> Contexts::list() const {
  const std::lock_guard lock(mutex_);
  return contexts_;
}

}  // namespace fib::dispatch
