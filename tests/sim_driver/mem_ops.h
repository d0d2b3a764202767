// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/sim_driver/work.h"

namespace fib::sim {

/// Does the operations in order; a wait polls its word.
void run_mem_ops(const MemOps& ops);
/// Checks and copies `count` operations; for nodes and streams of `device`.
MemOps mem_ops_from(Call& c, const CUstreamBatchMemOpParams* list, unsigned count, int device);

}  // namespace fib::sim
