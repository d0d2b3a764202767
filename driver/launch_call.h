// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "driver/driver_api.h"

namespace fib::driver {

/// One kernel launch, as the engine asked for it. Pointers are the caller's and live for the call.
struct LaunchCall {
  Api api;
  CUfunction function;
  unsigned int grid[3], block[3];
  unsigned int shared_bytes;
  CUstream stream;
  void** params;
  void** extra;
  const CUlaunchAttribute* attributes;
  unsigned int attribute_count;
  bool per_thread_stream;  ///< a _ptsz entry point: stream 0 means the thread's own
  bool legacy;             ///< cuLaunch*: parameters were set before, by other calls
};

}  // namespace fib::driver
