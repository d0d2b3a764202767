// SPDX-License-Identifier: Apache-2.0
// y = 2 * x + bias, as the engine's kernel has it, and candidates that are right or wrong in one
// way each. The first thread does everything.
#include <limits>

#include "tests/sim_driver/sim_kernel.h"

namespace {

bool is_first() { return fib::sim::global_index() == 0; }

void compute(const float* x, float* y, int n, float bias) {
  for (int i = 0; i < n; ++i) y[i] = 2 * x[i] + bias;
}

}  // namespace

SIM_KERNEL_C(engine_scale, (const float* x, float* y, int n, float bias)) {
  if (is_first()) compute(x, y, n, bias);
}

/// Only every other element is an output; the others keep what they had.
SIM_KERNEL_C(engine_even, (const float* x, float* y, int n, float bias)) {
  for (int i = 0; is_first() && i < n; i += 2) y[i] = 2 * x[i] + bias;
}

/// Parameters of the candidates: another order.
#define CANDIDATE(name) SIM_KERNEL_C(name, (int n, float* y, const float* x, float bias))

CANDIDATE(right) {
  if (is_first()) compute(x, y, n, bias);
}
CANDIDATE(even) {
  for (int i = 0; is_first() && i < n; i += 2) y[i] = 2 * x[i] + bias;
}
CANDIDATE(close_enough) {
  for (int i = 0; is_first() && i < n; ++i) y[i] = (2 * x[i] + bias) * (1 + 5e-4f);
}
CANDIDATE(one_off) {
  if (!is_first()) return;
  compute(x, y, n, bias);
  y[n / 2] *= -1;
}
CANDIDATE(no_tail) {
  if (is_first()) compute(x, y, n - 1, bias);
}
CANDIDATE(not_a_number) {
  if (!is_first()) return;
  compute(x, y, n, bias);
  y[3] = std::numeric_limits<float>::quiet_NaN();
}
CANDIDATE(beyond_the_end) {
  if (!is_first()) return;
  compute(x, y, n, bias);
  y[n] = 0;
}
CANDIDATE(before_the_beginning) {
  if (!is_first()) return;
  compute(x, y, n, bias);
  y[-1] = 0;
}
/// Reads its input after it has written its output.
CANDIDATE(twice) {
  if (!is_first()) return;
  compute(x, y, n, bias);
  compute(x, y, n, bias);
}
