// SPDX-License-Identifier: Apache-2.0
//
// Exported symbol -> where it goes. entry.S jumps through these pointers; they name our hooks, or,
// once it is decided that nothing is to be recorded, the driver itself: then a call costs one jump
// more.
#include "shim/hook_table.h"

#include <atomic>

#include "shim/hooks/hooks.h"

using fib::shim::Api;
using fib::shim::CallHook;

#define FIB_ROW(symbol, hook)                     \
  extern "C" {                                    \
  extern decltype(&::symbol) fib_target_##symbol; \
  decltype(&::symbol) fib_target_##symbol = hook; \
  }
#define FIB_HOOK(symbol, args) FIB_ROW(symbol, &fib::shim::hook_##symbol)
#define FIB_CALL(symbol, args) FIB_ROW(symbol, (&CallHook<Api::symbol, decltype(&::symbol)>::call))
#include "driver/driver_api.def"

namespace fib::shim {
namespace {

struct Row {
  Api api;
  void** target;
  void* hook;
};

constexpr Row row(Api api, void* target, void* hook) {
  return {api, static_cast<void**>(target), hook};
}

template <class Visit>
void for_each_row(Visit&& visit) noexcept {
  static const Row kRows[] = {
#define FIB_ROW_OF(symbol, hook) \
  row(Api::symbol, &fib_target_##symbol, reinterpret_cast<void*>(hook)),
#define FIB_HOOK(symbol, args) FIB_ROW_OF(symbol, &hook_##symbol)
#define FIB_CALL(symbol, args) \
  FIB_ROW_OF(symbol, (&CallHook<Api::symbol, decltype(&::symbol)>::call))
#include "driver/driver_api.def"
  };
  for (const Row& r : kRows) visit(r);
}

/// Each pointer changes at once; which of two targets a call in flight takes does not matter.
void retarget(void** target, void* to) noexcept {
  std::atomic_ref<void*>(*target).store(to, std::memory_order_release);
}

}  // namespace

void target_driver(const driver::DriverApi& api) noexcept {
  auto* real = const_cast<driver::DriverApi&>(api).slots();
  for_each_row([&](const Row& r) noexcept {
    // These two go on substituting, so that what they hand out can be turned on again.
    if (r.api == Api::cuGetProcAddress || r.api == Api::cuGetProcAddress_v2) return;
    void* function = real[static_cast<std::size_t>(r.api)];
    if (function != nullptr) retarget(r.target, function);
  });
}

void target_hooks() noexcept {
  for_each_row([](const Row& r) noexcept { retarget(r.target, r.hook); });
}

}  // namespace fib::shim
