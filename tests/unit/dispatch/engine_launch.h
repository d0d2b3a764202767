// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "dispatch/dispatcher.h"
#include "driver/cuda_abi.h"
#include "tests/unit/dispatch/add_registry.h"

namespace fib::dispatch::testing {

/// The simulated driver, which this program links as an application would.
inline driver::DriverApi sim_api() {
  driver::DriverApi api{};
#define FIB_HOOK(symbol, args) api.symbol = &::symbol;
#define FIB_CALL(symbol, args) api.symbol = &::symbol;
#define FIB_USE(symbol) api.symbol = &::symbol;
#include "driver/driver_api.def"
  return api;
}

/// A launch of the engine's kernel with its arguments; not to be copied.
struct EngineLaunch {
  EngineLaunch(CUfunction function, CUdeviceptr x_, CUdeviceptr y_, int n_,
               CUstream stream = nullptr)
      : x(x_), y(y_), n(n_) {
    call.api = driver::Api::cuLaunchKernel;
    call.function = function;
    call.grid[0] = static_cast<unsigned>(n + 127) / 128;
    call.grid[1] = call.grid[2] = 1;
    call.block[0] = 128;
    call.block[1] = call.block[2] = 1;
    call.stream = stream;
    call.params = params.data();
  }
  EngineLaunch(const EngineLaunch&) = delete;
  EngineLaunch& operator=(const EngineLaunch&) = delete;

  CUdeviceptr x, y;
  int n;
  std::array<void*, 3> params{&x, &y, &n};
  driver::LaunchCall call{};
};

}  // namespace fib::dispatch::testing
