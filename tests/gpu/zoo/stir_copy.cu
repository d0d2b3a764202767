// SPDX-License-Identifier: Apache-2.0
// The incumbent under another name: no difference in output or time.
#include "zoo.h"

extern "C" __global__ void stir_copy(float* out, const float* in, int* spare, int n, int rounds) {
  if (const int i = zoo_index(); i < n) zoo_stir_one(out, in, spare, i, rounds);
}
