// SPDX-License-Identifier: Apache-2.0
// Honest, in place: x += y.
#include "zoo.h"

extern "C" __global__ void add_good(float* x, const float* y, int n) {
  if (const int i = zoo_index(); i < n) x[i] += y[i];
}
