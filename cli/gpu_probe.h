// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/facts.h"

namespace fib::cli {

/// What the CUDA driver says about this machine.
struct GpuProbe {
  std::string error;    ///< why there is no answer; empty when there is one
  std::string library;  ///< file of libcuda.so.1; empty if there is none
  int driver_version = 0;
  std::vector<DeviceFacts> devices;
};

/// Loads libcuda.so.1 into this process and asks it. Creates no context.
[[nodiscard]] GpuProbe probe_gpus();

}  // namespace fib::cli
