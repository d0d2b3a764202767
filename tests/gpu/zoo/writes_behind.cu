// SPDX-License-Identifier: Apache-2.0
// Writes one element behind its output, as a kernel does that rounds up to whole vectors.
#include "zoo.h"

extern "C" __global__ void writes_behind(float* out, const float* in, int* spare, int n,
                                         int rounds) {
  const int i = zoo_index();
  if (i < n) out[i] = zoo_stirred(in[i]);
  if (i == 0) out[n] = 7.0f;
}
