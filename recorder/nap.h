// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include <cstdint>

namespace fib::recorder {

inline void nap(std::uint64_t ns) noexcept {
  const timespec time{static_cast<time_t>(ns / 1000000000u), static_cast<long>(ns % 1000000000u)};
  nanosleep(&time, nullptr);
}

}  // namespace fib::recorder
