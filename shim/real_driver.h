// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "driver/driver_api.h"

namespace fib::shim {

/// The installed driver, and which of its addresses we stand in for. Immutable once published.
struct RealDriver {
  driver::DriverApi api;

  /// Our wrapper of the driver function at `address`; `address` itself if we do not wrap it.
  [[nodiscard]] void* wrapper_of(void* address) const noexcept;

  // Open addressing by real address; at most half full.
  static constexpr std::size_t kSlots = 1024;
  static_assert(driver::kApiCount * 2 <= kSlots);
  struct Slot {
    void* real;
    void* ours;
  } slots[kSlots];
};

/// Null until the first lookup or call that needs the driver.
extern std::atomic<const RealDriver*> g_real;

/// The driver that is loaded in this process, resolved on first use; null if none is loaded. Takes
/// no lock of ours and does not use malloc: it runs inside dlsym, whose caller may hold any lock.
[[nodiscard]] const RealDriver* real_driver_if_loaded() noexcept;

/// The same, but opens libcuda.so.1 if it is not there yet: for calls through our exported symbols
/// in a process that was not linked with the driver. Null if there is no driver.
[[nodiscard]] const RealDriver* real_driver() noexcept;

/// libc's own functions, found without dlsym. With FIBSHIM_CHAIN=1 the next interposer's dlsym.
using DlsymFunction = void* (*)(void*, const char*);
using DlopenFunction = void* (*)(const char*, int);
using DlmopenFunction = void* (*)(long, const char*, int);
using ExitFunction = void (*)(int);
[[nodiscard]] DlsymFunction real_dlsym() noexcept;
[[nodiscard]] DlopenFunction real_dlopen() noexcept;
[[nodiscard]] DlmopenFunction real_dlmopen() noexcept;
[[nodiscard]] ExitFunction real_exit() noexcept;

/// Whether `address` lies in the driver itself, NVML, CUPTI or our audit library: these get the
/// real functions, since their calls are not the engine's.
[[nodiscard]] bool is_driver_side(const void* address) noexcept;

/// Our wrapper, if the first definition of `name` in the objects behind the caller's, which is what
/// RTLD_NEXT means, is a driver function that we wrap; otherwise null.
[[nodiscard]] void* driver_symbol_behind(const void* caller, const char* name) noexcept;

/// Whether `address` lies in a libcuda other than the one that `real` was resolved from.
[[nodiscard]] bool is_other_driver(const RealDriver& real, const void* address) noexcept;

}  // namespace fib::shim
