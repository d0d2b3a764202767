// SPDX-License-Identifier: Apache-2.0
// Honest: a row per block, as the incumbent.
#include "zoo.h"

extern "C" __global__ void norm_good(unsigned short* out, const unsigned short* in,
                                     const unsigned short* weight, float epsilon, int hidden) {
  zoo_norm_row(out, in, weight, epsilon, hidden, int(blockIdx.x));
}
