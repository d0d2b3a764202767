// SPDX-License-Identifier: Apache-2.0
// Waits for something that never comes.
#include "zoo.h"

extern "C" __global__ void hangs(float* out, const float* in, volatile int* spare, int n,
                                 int rounds) {
  if (const int i = zoo_index(); i < n) out[i] = zoo_stirred(in[i]);
  while (*spare != 0x5eed) {
  }
}
