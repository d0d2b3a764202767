// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "driver/driver_api.h"
#include "recorder/clock.h"
#include "recorder/guard.h"
#include "shim/real_driver.h"
#include "shim/state.h"

namespace fib::shim {

using driver::Api;
using recorder::Recorder;

/// For calls through our exported symbols where no driver, or one without the function, is
/// installed.
inline constexpr CUresult kNoDriver = CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND;

/// `address` if we do not wrap it, else the wrapper (lookup.cpp).
[[nodiscard]] void* substitute(void* address) noexcept;

/// The driver's own function, or null.
template <Api A>
[[nodiscard]] inline auto real_entry() noexcept -> typename driver::Entry<A>::Function {
  const RealDriver* real = g_real.load(std::memory_order_acquire);
  if (real == nullptr) [[unlikely]]
    real = real_driver();
  return real != nullptr ? real->api.*driver::Entry<A>::kMember : nullptr;
}

/// The one shape of a hook: pass through unless we record and this is not a call from within a
/// hook; otherwise before(recorder), the driver's function with the arguments as they came, and
/// after(recorder, result, begin). The result goes back unchanged whatever happens.
template <Api A, class Before, class After, class... Args>
inline CUresult around(Before&& before, After&& after, Args... args) noexcept {
  const auto function = real_entry<A>();
  if (function == nullptr) [[unlikely]]
    return kNoDriver;
  const Mode now = mode();
  if (now == Mode::Off) [[likely]]
    return function(args...);
  const recorder::RecursionGuard guard;
  if (!guard.outermost()) return function(args...);
  Recorder& recorder = *g_recorder.load(std::memory_order_acquire);
  before(recorder);
  const std::uint64_t begin = recorder::ticks();
  const CUresult result = function(args...);
  after(recorder, result, begin);
  if (now == Mode::Late) [[unlikely]]
    flush_late();
  return result;
}

/// A hook that only looks at the outcome.
template <Api A, class After, class... Args>
inline CUresult observe(After&& after, Args... args) noexcept {
  return around<A>([](Recorder&) noexcept {}, after, args...);
}

/// A hook that writes a Call record and then, after success, does also(recorder).
template <Api A, class Also, class... Args>
inline CUresult observe_call(Also&& also, Args... args) noexcept {
  return observe<A>(
      [&](Recorder& recorder, CUresult result, std::uint64_t begin) noexcept {
        recorder.calls.call<A>(result, begin, args...);
        if (result == CUDA_SUCCESS) also(recorder);
      },
      args...);
}

/// The body of every FIB_CALL row.
template <Api A, class Function>
struct CallHook;
template <Api A, class... Args>
struct CallHook<A, CUresult (*)(Args...)> {
  static CUresult call(Args... args) noexcept {
    return observe_call<A>([](Recorder&) noexcept {}, args...);
  }
};

}  // namespace fib::shim
