// SPDX-License-Identifier: Apache-2.0
// An engine's kernel, and what is launched in its place. Each leaves a mark of its own in the sum.
#include "tests/sim_driver/sim_kernel.h"

using fib::sim::global_index;

SIM_KERNEL_C(engine_add, (const float* x, float* y, int n)) {
  if (const int i = global_index(); i < n) y[i] = x[i] + 1;
}

SIM_KERNEL_C(engine_other, (const float* x, float* y, int n)) {
  if (const int i = global_index(); i < n) y[i] = x[i] + 2;
}

SIM_KERNEL_C(add_100, (const float* x, float* y, int n)) {
  if (const int i = global_index(); i < n) y[i] = x[i] + 100;
}

SIM_KERNEL_C(add_200, (const float* x, float* y, int n)) {
  if (const int i = global_index(); i < n) y[i] = x[i] + 200;
}

SIM_KERNEL_C(copy_in, (const float* x, float* workspace, int n)) {
  if (const int i = global_index(); i < n) workspace[i] = x[i] + 300;
}

SIM_KERNEL_C(copy_out, (const float* workspace, float* y, int n)) {
  if (const int i = global_index(); i < n) y[i] = workspace[i];
}

// Can't be launched with as many threads as the candidate wants.
SIM_KERNEL_WITH(add_narrow, (const float* x, float* y, int n), .max_threads = 32) {
  if (const int i = global_index(); i < n) y[i] = x[i] + 400;
}
