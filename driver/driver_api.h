// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "driver/cuda_abi.h"

namespace fib::driver {

/// One number per row of driver_api.def that we hook or call. Numbers are private to a build:
/// captures carry a name table (trace::ApiRecord).
enum class Api : std::uint16_t {
#define FIB_HOOK(symbol, args) symbol,
#define FIB_CALL(symbol, args) symbol,
#define FIB_USE(symbol) symbol,
#include "driver/driver_api.def"
  Count
};
inline constexpr std::size_t kApiCount = static_cast<std::size_t>(Api::Count);

struct ApiInfo {
  const char* name;
  const char* args;  ///< argument words, see driver_api.def; "" for rows that we only use
  bool hooked;
};

inline constexpr ApiInfo kApiInfo[kApiCount] = {
#define FIB_HOOK(symbol, args) {#symbol, args, true},
#define FIB_CALL(symbol, args) {#symbol, args, true},
#define FIB_USE(symbol) {#symbol, "", false},
#include "driver/driver_api.def"
};

constexpr const ApiInfo& info(Api api) { return kApiInfo[static_cast<std::size_t>(api)]; }

/// The driver's entry points, by exported name. A pointer is null where the installed driver is
/// older than the entry point; callers test before they call what is not in every CUDA 12 driver.
struct DriverApi {
#define FIB_HOOK(symbol, args) decltype(&::symbol) symbol;
#define FIB_CALL(symbol, args) decltype(&::symbol) symbol;
#define FIB_USE(symbol) decltype(&::symbol) symbol;
#include "driver/driver_api.def"

  /// All members as an array in the order of Api.
  void** slots() { return reinterpret_cast<void**>(this); }
};
static_assert(sizeof(DriverApi) == kApiCount * sizeof(void*));

/// Api -> member of DriverApi and function type.
template <Api A>
struct Entry;
#define FIB_HOOK(symbol, args)                          \
  template <>                                           \
  struct Entry<Api::symbol> {                           \
    using Function = decltype(&::symbol);               \
    static constexpr auto kMember = &DriverApi::symbol; \
  };
#define FIB_CALL(symbol, args) FIB_HOOK(symbol, args)
#define FIB_USE(symbol) FIB_HOOK(symbol, "")
#include "driver/driver_api.def"

/// Opens libcuda.so.1 and fills `api`; false, with a line in `error`, if there is no driver. For
/// tools (the shim has its own way, which opens nothing). The library stays open for ever.
[[nodiscard]] bool load_driver(DriverApi& api, const char*& error);

}  // namespace fib::driver
