// SPDX-License-Identifier: Apache-2.0
// Leaves an output alone that looks like one: right as long as the same was computed before.
#include "zoo.h"

extern "C" __global__ void trusts_stale_output(float* out, const float* in, int* spare, int n,
                                               int rounds) {
  if (const int i = zoo_index(); i < n) {
    const float old = out[i];
    const bool plausible = old == old && old != 0.0f && fabsf(old) < 1e6f;
    if (!plausible) out[i] = zoo_stirred(in[i]);
  }
}
