// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#else
#error "fibshim reads the x86-64 time stamp counter; port recorder/clock.h and shim/entry.S first"
#endif

namespace fib::recorder {

/// Cycle counter: about 8 ns, no system call, the same on all cores of the machines that run GPUs
/// (constant, synchronised TSC), so it orders records of different threads.
inline std::uint64_t ticks() noexcept { return __rdtsc(); }

inline std::uint64_t nanoseconds(clockid_t clock) noexcept {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000000000u +
         static_cast<std::uint64_t>(now.tv_nsec);
}

/// For what lasts and what is due, in ns.
inline std::uint64_t now_ns() noexcept { return nanoseconds(CLOCK_MONOTONIC); }
inline constexpr std::uint64_t kMillisecond = 1000000, kSecond = 1000 * kMillisecond;  // ns

/// Saturating difference, for 32-bit duration fields.
inline std::uint32_t elapsed(std::uint64_t since) noexcept {
  const std::uint64_t d = ticks() - since;
  return d > 0xffffffffu ? 0xffffffffu : static_cast<std::uint32_t>(d);
}

}  // namespace fib::recorder
