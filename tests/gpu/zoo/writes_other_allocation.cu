// SPDX-License-Identifier: Apache-2.0
// Writes to memory that it can reach and that the incumbent leaves alone.
#include "zoo.h"

extern "C" __global__ void writes_other_allocation(float* out, const float* in, int* spare, int n,
                                                   int rounds) {
  const int i = zoo_index();
  if (i < n) out[i] = zoo_stirred(in[i]);
  if (i == 0) spare[3] = 12345;
}
