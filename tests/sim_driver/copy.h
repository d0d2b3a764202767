// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/sim_driver/work.h"

namespace fib::sim {

void run_copy(const Copy& copy);
void run_memset(const CUDA_MEMSET_NODE_PARAMS& set);

/// Fail with INVALID_VALUE unless the device sides lie in live memory that the device may access.
void check_copy(Call& c, const CUDA_MEMCPY3D& what, int device);
void check_memset(Call& c, const CUDA_MEMSET_NODE_PARAMS& what, int device);

}  // namespace fib::sim
