// SPDX-License-Identifier: Apache-2.0
// Right, and three times the work.
#include "zoo.h"

extern "C" __global__ void stir_slow(float* out, const float* in, int* spare, int n, int rounds) {
  if (const int i = zoo_index(); i < n) zoo_stir_one(out, in, spare, i, 3 * rounds);
}
