// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda.h>

#include "support/check.h"
#include "support/notes.h"

namespace fib::test {

/// The parameters of a launch as the driver lays them out: in order, each at its own alignment.
template <class... Args>
std::string params_text(const Args&... args) {
  ParamText text;
  (text.add(&args, sizeof(args), alignof(Args)), ...);
  return text.text();
}

/// cuLaunchKernel, noted for the harness.
template <class... Args>
void launch(CUfunction function, const char* name, const Shape& s, CUstream stream, Args... args) {
  void* params[] = {static_cast<void*>(&args)..., nullptr};
  CU(cuLaunchKernel(function, s.grid[0], s.grid[1], s.grid[2], s.block[0], s.block[1], s.block[2],
                    s.shared_bytes, stream, params, nullptr));
  note_launch(name, s, params_text(args...));
}

/// cuLaunchKernelEx with attributes, noted for the harness.
template <class... Args>
void launch_ex(CUfunction function, const char* name, const Shape& s, CUstream stream,
               CUlaunchAttribute* attributes, unsigned count, Args... args) {
  void* params[] = {static_cast<void*>(&args)..., nullptr};
  CUlaunchConfig config{};
  config.gridDimX = s.grid[0];
  config.gridDimY = s.grid[1];
  config.gridDimZ = s.grid[2];
  config.blockDimX = s.block[0];
  config.blockDimY = s.block[1];
  config.blockDimZ = s.block[2];
  config.sharedMemBytes = s.shared_bytes;
  config.hStream = stream;
  config.attrs = attributes;
  config.numAttrs = count;
  CU(cuLaunchKernelEx(&config, function, params, nullptr));
  note_launch(name, s, params_text(args...));
}

}  // namespace fib::test
