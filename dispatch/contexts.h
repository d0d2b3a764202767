// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <span>
#include <vector>

#include "dispatch/deployment.h"
#include "dispatch/generation.h"
#include "driver/driver_api.h"

namespace fib::dispatch {

/// The GPUs of the process and the contexts that are there.
class Contexts {
 public:
  explicit Contexts(const driver::DriverApi& api) noexcept : api_(api) {}

  /// Looks at the devices; once. False: the driver is not initialised, or there is none.
  [[nodiscard]] bool discover() noexcept;
  /// Kinds of GPUs, empty until discover() was true. Never changes then.
  [[nodiscard]] std::span<const Gpu> gpus() const noexcept {
    return {gpus_.data(), found_.load(std::memory_order_acquire) ? gpus_.size() : 0};
  }
  /// Number of the current context's kind of GPU. Asks the driver only if there are several kinds.
  /// kNoGpu: there is no current context, or its GPU is of a kind too many.
  static constexpr std::size_t kNoGpu = ~std::size_t{0};
  [[nodiscard]] std::size_t current_gpu() const noexcept { return is_uniform_ ? 0 : ask_current(); }
  /// Kind of a device, kNoGpu if there is none.
  [[nodiscard]] std::size_t gpu_of(CUdevice device) const noexcept;
  [[nodiscard]] std::size_t device_count() const noexcept { return kinds_.size(); }

  /// False: it was known already.
  bool add(CUcontext context) noexcept;
  /// Null: all of them, since any may be gone.
  void remove(CUcontext context) noexcept;
  /// The primary context of a device, null if it is not known.
  void set_primary(CUdevice device, CUcontext context) noexcept;
  [[nodiscard]] CUcontext primary(CUdevice device) const noexcept;
  /// Those that are there, as far as hooks saw.
  [[nodiscard]] std::vector<CUcontext> list() const;

 private:
  [[nodiscard]] std::size_t ask_current() const noexcept;

  const driver::DriverApi& api_;
  std::atomic<bool> found_{false};
  bool is_uniform_ = false;  ///< all devices are of one kind
  std::vector<Gpu> gpus_;
  std::vector<std::size_t> kinds_;  ///< per device
  mutable std::mutex mutex_;
  std::vector<CUcontext> contexts_;
  std::map<CUdevice, CUcontext> primaries_;
};

}  // namespace fib::dispatch
