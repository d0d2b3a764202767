// SPDX-License-Identifier: Apache-2.0
// Leaves out every eighth row.
#include "zoo.h"

extern "C" __global__ void writes_some_rows(unsigned short* out, const unsigned short* in,
                                            const unsigned short* weight, float epsilon,
                                            int hidden) {
  if (blockIdx.x % 8 == 5) return;
  zoo_norm_row(out, in, weight, epsilon, hidden, int(blockIdx.x));
}
