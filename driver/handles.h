// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <type_traits>

#include "driver/check.h"

/// Owners of driver objects: the only place, hooks apart, that destroys one. Each is a unique_ptr
/// whose deleter remembers the driver; `owning = false` makes the same type a view.
namespace fib::driver {

/// `Destroy` is a member of DriverApi that takes the handle.
template <auto Destroy>
struct HandleDeleter {
  const DriverApi* api = nullptr;
  bool owning = true;
  template <class Handle>
  void operator()(Handle handle) const noexcept {
    if (owning) {
      if (const CUresult rc = (api->*Destroy)(handle); rc != CUDA_SUCCESS)
        report_driver_error(*api, rc, "destroying a handle", __FILE__, __LINE__);
    }
  }
};

template <class Handle, auto Destroy>
using Unique = std::unique_ptr<std::remove_pointer_t<Handle>, HandleDeleter<Destroy>>;

using UniqueContext = Unique<CUcontext, &DriverApi::cuCtxDestroy_v2>;
using UniqueModule = Unique<CUmodule, &DriverApi::cuModuleUnload>;
using UniqueLibrary = Unique<CUlibrary, &DriverApi::cuLibraryUnload>;
using UniqueStream = Unique<CUstream, &DriverApi::cuStreamDestroy_v2>;
using UniqueEvent = Unique<CUevent, &DriverApi::cuEventDestroy_v2>;
using UniqueGraphExec = Unique<CUgraphExec, &DriverApi::cuGraphExecDestroy>;

/// Device memory: the address is an integer, so this one is written out.
class DeviceMemory {
 public:
  DeviceMemory(const DriverApi& api, std::size_t bytes) : api_(&api) {
    FIB_DRIVER_CHECK(api, cuMemAlloc_v2(&address_, bytes));
  }
  ~DeviceMemory() {
    if (address_ != 0) FIB_DRIVER_CHECK_NOEXCEPT(*api_, cuMemFree_v2(address_));
  }
  DeviceMemory(DeviceMemory&& other) noexcept : api_(other.api_), address_(other.address_) {
    other.address_ = 0;
  }
  DeviceMemory& operator=(DeviceMemory&&) = delete;
  [[nodiscard]] CUdeviceptr address() const noexcept { return address_; }

 private:
  const DriverApi* api_;
  CUdeviceptr address_ = 0;
};

}  // namespace fib::driver
