// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/sim_driver/api.h"

/// Injected faults: FIBSIM_FAULTS="cuMemAlloc_v2:fail=2@3,cuLaunchKernel:fail=719@10+,missing=A+B".
namespace fib::sim {

/// Counts this call; the code to fail with now, or CUDA_SUCCESS.
CUresult injected_fault(Api api);

/// True if cuGetProcAddress must not find this base name or symbol.
bool injected_missing(const char* name);

}  // namespace fib::sim
