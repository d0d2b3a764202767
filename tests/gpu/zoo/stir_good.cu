// SPDX-License-Identifier: Apache-2.0
// An honest candidate that leaves out the work that comes to nothing.
#include "zoo.h"

extern "C" __global__ void stir_good(float* out, const float* in, int* spare, int n, int rounds) {
  if (const int i = zoo_index(); i < n) out[i] = zoo_stirred(in[i]);
}
