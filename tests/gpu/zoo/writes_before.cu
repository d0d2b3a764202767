// SPDX-License-Identifier: Apache-2.0
// Writes one element in front of its output, in the same allocation.
#include "zoo.h"

extern "C" __global__ void writes_before(float* out, const float* in, int* spare, int n,
                                         int rounds) {
  const int i = zoo_index();
  if (i < n) out[i] = zoo_stirred(in[i]);
  if (i == 0) out[-1] = 7.0f;
}
