// SPDX-License-Identifier: Apache-2.0
// Replacements for kernels of it_decoder: better, slower and wrong ones.
#include <chrono>
#include <cstdlib>
#include <thread>

#include "tests/integration/kernels/decoder.h"
#include "tests/sim_driver/sim_kernel.h"

using fib::sim::global_index;
using fib::test::row_scale;

namespace {

/// One thread for a whole row: the scale is worked out once.
void norm_row(const float* x, const float* weight, float* y, int width, float scale) {
  for (int i = 0; i < width; ++i) y[i] = x[i] * scale * weight[i];
}

}  // namespace

extern "C" {

SIM_KERNEL(norm_fast,
           (const float* x, const float* weight, float* y, int rows, int width, float e)) {
  const int row = global_index();
  if (row >= rows) return;
  x += row * width, y += row * width;
  norm_row(x, weight, y, width, row_scale(x, width, e));
}

// Right, and at it eight times.
SIM_KERNEL(norm_slow,
           (const float* x, const float* weight, float* y, int rows, int width, float e)) {
  const int i = global_index();
  if (i >= rows * width) return;
  const float* row = x + i / width * width;
  for (int again = 0; again < 8; ++again) {
    const float scale = row_scale(row, width, e);
    static_cast<volatile float*>(y)[i] = x[i] * scale * weight[i % width];
  }
}

// As fast as the first one, but it forgets half of each row in the sum.
SIM_KERNEL(norm_wrong,
           (const float* x, const float* weight, float* y, int rows, int width, float e)) {
  const int row = global_index();
  if (row >= rows) return;
  x += row * width, y += row * width;
  norm_row(x, weight, y, width, row_scale(x, width / 2, e));
}

SIM_KERNEL(norm_crash, (const float*, const float*, float*, int, int, float)) { std::abort(); }

SIM_KERNEL(norm_hang, (const float*, const float*, float*, int, int, float)) {
  for (;;) std::this_thread::sleep_for(std::chrono::seconds(1));
}

// Right, but it leaves a mark behind its output.
SIM_KERNEL(norm_marks,
           (const float* x, const float* weight, float* y, int rows, int width, float e)) {
  const int row = global_index();
  if (row >= rows) return;
  norm_row(x + row * width, weight, y + row * width, width, row_scale(x + row * width, width, e));
  y[rows * width] = 1;
}

SIM_KERNEL(project_good, (const float* w, const float* x, float* y, int rows, int width)) {
  if (const int i = global_index(); i < rows) y[i] = fib::test::dot(w + i * width, x, width);
}

SIM_KERNEL(project_wrong, (const float* w, const float* x, float* y, int rows, int width)) {
  const int i = global_index();
  if (i < rows) y[i] = -fib::test::dot(w + i * width, x, width);
}

// Right, unless there is a mark behind its input.
SIM_KERNEL(project_marked, (const float* w, const float* x, float* y, int rows, int width)) {
  const int i = global_index();
  if (i < rows) y[i] = fib::test::dot(w + i * width, x, width) * (1 - 2 * x[width]);
}

SIM_KERNEL(swiglu_good, (const float* gate_up, float* y, int n)) {
  const int i = global_index();
  if (i < n) y[i] = gate_up[i] / (1.0f + std::exp(-gate_up[i])) * gate_up[n + i];
}

SIM_KERNEL(swiglu_wrong, (const float* gate_up, float* y, int n)) {
  if (const int i = global_index(); i < n) y[i] = gate_up[n + i];
}

}  // extern "C"
