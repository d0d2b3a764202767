// SPDX-License-Identifier: Apache-2.0
// What the program `decoder` launches.
#include "tests/integration/kernels/decoder.h"
#include "tests/sim_driver/sim_kernel.h"

using fib::sim::global_index;

extern "C" {

SIM_KERNEL(embed, (const int* token, const float* table, float* x, int width)) {
  if (const int i = global_index(); i < width) x[i] = table[*token * width + i];
}

// One thread for each element, and each of them adds up the whole row: there is room for a better
// one.
SIM_KERNEL(rms_norm,
           (const float* x, const float* weight, float* y, int rows, int width, float epsilon)) {
  const int i = global_index();
  if (i >= rows * width) return;
  const float* row = x + i / width * width;
  y[i] = x[i] * fib::test::row_scale(row, width, epsilon) * weight[i % width];
}

SIM_KERNEL(project, (const float* w, const float* x, float* y, int rows, int width)) {
  if (const int i = global_index(); i < rows) y[i] = fib::test::dot(w + i * width, x, width);
}

SIM_KERNEL(swiglu, (const float* gate_up, float* y, int n)) {
  const int i = global_index();
  if (i < n) y[i] = gate_up[i] / (1.0f + std::exp(-gate_up[i])) * gate_up[n + i];
}

SIM_KERNEL(add_residual, (float* x, const float* y, int n)) {
  if (const int i = global_index(); i < n) x[i] += y[i];
}

SIM_KERNEL(choose, (const float* logits, int n, int* token, int* history, int* step)) {
  if (global_index() != 0) return;
  int best = 0;
  for (int i = 1; i < n; ++i)
    if (logits[i] > logits[best]) best = i;
  *token = history[(*step)++] = best;
}

}  // extern "C"
