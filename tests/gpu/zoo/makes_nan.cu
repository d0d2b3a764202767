// SPDX-License-Identifier: Apache-2.0
// Right but for one element, which is no number.
#include "zoo.h"

extern "C" __global__ void makes_nan(unsigned short* out, const unsigned short* in,
                                     const unsigned short* weight, float epsilon, int hidden) {
  zoo_norm_row(out, in, weight, epsilon, hidden, int(blockIdx.x));
  __syncthreads();
  if (blockIdx.x == 3 && threadIdx.x == 0) out[3 * hidden + 1] = 0x7fc0;
}
