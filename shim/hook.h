// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <type_traits>

#include "dispatch/events.h"
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

/// An argument as a number, for windows; structures passed by value: 0.
template <class T>
[[nodiscard]] inline std::uint64_t word_of(const T& value) noexcept {
  if constexpr (std::is_pointer_v<T>)
    return reinterpret_cast<std::uintptr_t>(value);
  else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>)
    return static_cast<std::uint64_t>(value);
  else
    return 0;
}

/// For hooks of calls that launch no kernel.
struct NoLaunch {};

/// Tells what call this is.
template <Api A, class Describe, class... Args>
void arrive(Recorder& recorder, recorder::Gate::Passage& passage, recorder::Visit& visit,
            const Describe& describe, Args... args) noexcept {
  const std::uint64_t words[] = {word_of(args)..., 0};
  recorder::Operation operation{A, std::span(words, sizeof...(args))};
  if constexpr (std::is_same_v<Describe, NoLaunch>) {
    recorder.windows.arrive(passage, visit, operation);
  } else {
    const recorder::LaunchCall call = describe();
    operation.launch = &call;
    recorder.windows.arrive(passage, visit, operation);
  }
}

/// around_launch() while something needs attention (recorder/windows.h), and for a thread's first
/// call.
template <Api A, class Function, class Describe, class Before, class After, class... Args>
[[gnu::always_inline]] inline CUresult around_watched(Recorder& recorder, Function function,
                                                      const Describe& describe, Before& before,
                                                      After& after, Args... args) noexcept {
  recorder::Gate::Passage passage(recorder.gate);
  recorder::Visit visit;
  if (passage.attention() != 0) arrive<A>(recorder, passage, visit, describe, args...);
  before(recorder);
  const std::uint64_t begin = recorder::ticks();
  if constexpr (recorder::only_waits(A)) passage.leave();
  const CUresult result = function(args...);
  if constexpr (recorder::only_waits(A)) passage.enter();
  after(recorder, result, begin);
  if (visit.active) recorder.windows.depart(passage, visit, result);
  return result;
}

/// In Mode::Apply: a launch, or a call that the dispatcher must know of.
template <Api A, class Function, class Describe, class... Args>
[[gnu::always_inline]] inline CUresult applied(Function function, const Describe& describe,
                                               Args... args) noexcept {
  dispatch::Dispatcher& dispatcher = g_runtime.load(std::memory_order_acquire)->dispatcher;
  if constexpr (!std::is_same_v<Describe, NoLaunch>) {
    const dispatch::ReadSection reading;
    return dispatcher.launch(describe(), [&]() noexcept { return function(args...); });
  } else if constexpr (dispatch::kIsEvent<A>) {
    dispatch::before_call<A>(dispatcher, args...);
    const CUresult result = function(args...);
    dispatch::after_call<A>(dispatcher, result, args...);
    return result;
  } else {
    return function(args...);
  }
}

/// The one shape of a hook: pass through unless we record (or apply: see there) and this is not a
/// call from within a hook; otherwise before(recorder), the driver's function with the arguments as
/// they came, and after(recorder, result, begin). The result goes back unchanged whatever happens.
/// `describe` makes a LaunchCall, if it is needed before the call.
template <Api A, class Describe, class Before, class After, class... Args>
inline CUresult around_launch(const Describe& describe, Before&& before, After&& after,
                              Args... args) noexcept {
  const auto function = real_entry<A>();
  if (function == nullptr) [[unlikely]]
    return kNoDriver;
  const Mode now = mode();
  if (now == Mode::Off) [[likely]]
    return function(args...);
  const recorder::RecursionGuard guard;
  if (!guard.outermost()) return function(args...);
  if (now == Mode::Apply) return applied<A>(function, describe, args...);
  Recorder& recorder = *g_recorder.load(std::memory_order_acquire);
  CUresult result = CUDA_SUCCESS;
  recorder::ThreadLog* const log = recorder::only_waits(A) ? nullptr : recorder.gate.enter();
  if (log != nullptr) [[likely]] {
    before(recorder);
    const std::uint64_t begin = recorder::ticks();
    result = function(args...);
    after(recorder, result, begin);
    recorder::Gate::leave(*log);
  } else {
    result = around_watched<A>(recorder, function, describe, before, after, args...);
  }
  if (now == Mode::Late) [[unlikely]]
    flush_late();
  return result;
}

template <Api A, class Before, class After, class... Args>
inline CUresult around(Before&& before, After&& after, Args... args) noexcept {
  return around_launch<A>(NoLaunch{}, before, after, args...);
}

/// A hook that only looks at the outcome.
template <Api A, class After, class... Args>
inline CUresult observe(After&& after, Args... args) noexcept {
  return around<A>([](Recorder&) noexcept {}, after, args...);
}

/// A hook that writes a Call record and then, after success, does also(recorder). What is live is
/// kept up to date.
template <Api A, class Also, class... Args>
inline CUresult observe_call(Also&& also, Args... args) noexcept {
  return around<A>([&](Recorder& recorder) noexcept { recorder.before_call<A>(args...); },
                   [&](Recorder& recorder, CUresult result, std::uint64_t begin) noexcept {
                     recorder.calls.call<A>(result, begin, args...);
                     recorder.after_call<A>(result, args...);
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
