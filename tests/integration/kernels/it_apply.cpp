// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/kernels/apply.h"
#include "tests/sim_driver/sim_kernel.h"

extern "C" {
SIM_KERNEL(blend, (const int* in, int* out, int rows, int width, int value, int)) {
  fib::test::blend_one(in, out, rows, width, value, fib::sim::global_index());
}
}
