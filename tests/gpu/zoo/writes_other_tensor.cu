// SPDX-License-Identifier: Apache-2.0
// Writes far away in the allocation of its output, where something else lies.
#include "zoo.h"

extern "C" __global__ void writes_other_tensor(float* out, const float* in, int* spare, int n,
                                               int rounds) {
  const int i = zoo_index();
  if (i < n) out[i] = zoo_stirred(in[i]);
  if (i == 0) out[n + n / 2] += 1.0f;
}
