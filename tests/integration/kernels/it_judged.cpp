// SPDX-License-Identifier: Apache-2.0
// What the zoo replaces: as in tests/gpu/programs/judged.cu.
#include "tests/integration/kernels/zoo.h"

using namespace fib::test::zoo;

extern "C" {

SIM_KERNEL(zoo_stir, (float* out, const float* in, int* spare, int n, int rounds)) {
  if (first_thread()) stir_block(out, in, spare, n, rounds);
}

SIM_KERNEL(zoo_add, (float* x, const float* y, int n)) {
  if (!first_thread()) return;
  for (int i = begin(); i < end(n); ++i) x[i] += y[i];
}

SIM_KERNEL(zoo_row_sums, (float* out, const float* in, int rows, int width)) {
  if (first_thread() && block() < rows)
    out[block()] = sum_of(in + std::int64_t{block()} * width, width);
}

SIM_KERNEL(zoo_norm, (std::uint16_t * out, const std::uint16_t* in, const std::uint16_t* weight,
                      float epsilon, int hidden)) {
  if (first_thread()) norm_row(out, in, weight, epsilon, hidden);
}

}  // extern "C"
