// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/kernels/params.h"
#include "tests/sim_driver/sim_kernel.h"

using fib::sim::global_index;

SIM_GLOBAL(int, offset);
SIM_CONSTANT(int, factor);

extern "C" {

SIM_KERNEL(axpy, (fib::test::Axpy a)) {
  if (const int i = global_index(); i < a.n) a.y[i] += static_cast<int>(a.factor) * a.x[i];
}

SIM_KERNEL(big, (fib::test::Big b)) {
  std::uint64_t sum = 0;
  for (const std::uint32_t value : b.values) sum += value;
  *b.sum += sum;
}

SIM_KERNEL(mixed, (char a, double b, short c, int* out, float d, char e)) {
  *out += a + static_cast<int>(b) + c + static_cast<int>(d) + e;
}

SIM_KERNEL(add_global, (int* p)) { *p += offset * factor; }

}  // extern "C"
