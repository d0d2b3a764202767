// SPDX-License-Identifier: Apache-2.0
// Wrong in one element, whatever the size.
#include "zoo.h"

extern "C" __global__ void wrong_in_one(float* out, const float* in, int* spare, int n,
                                        int rounds) {
  if (const int i = zoo_index(); i < n)
    out[i] = zoo_stirred(in[i]) + (i == n / 2 + 7 ? 0.5f : 0.0f);
}
