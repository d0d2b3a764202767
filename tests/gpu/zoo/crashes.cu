// SPDX-License-Identifier: Apache-2.0
// Writes to an address that nobody has.
#include "zoo.h"

extern "C" __global__ void crashes(float* out, const float* in, int* spare, int n, int rounds) {
  if (const int i = zoo_index(); i < n) out[i] = zoo_stirred(in[i]);
  if (zoo_index() == 0) *reinterpret_cast<float*>(16) = 1.0f;
}
