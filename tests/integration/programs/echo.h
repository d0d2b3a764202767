// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstring>
#include <string>

#include "driver/cuda_abi.h"

/// A driver that does nothing but remember what each entry point was called with (lib_echo.cpp),
/// and calls of every entry point with arguments made up from its prototype (preserve.cpp).
namespace fib::test {

enum class Row : int {
#define FIB_HOOK(symbol, args) symbol,
#define FIB_CALL(symbol, args) symbol,
#define FIB_USE(symbol) symbol,
#define FIB_PASS(symbol, why) symbol,
#include "driver/driver_api.def"
  count
};

inline constexpr CUresult kEchoResult = static_cast<CUresult>(CUDA_ERROR_NOT_SUPPORTED);

/// Bytes of the arguments one after the other: what was passed, as the callee's types see it.
template <class... Args>
std::string bytes_of(const Args&... args) {
  std::string bytes;
  (bytes.append(reinterpret_cast<const char*>(&args), sizeof(args)), ...);
  return bytes;
}

}  // namespace fib::test

/// What `row` was called with last, and how many times so far. From lib_echo.cpp.
extern "C" const char* fibtest_echo(int row, std::size_t* bytes, int* calls);
