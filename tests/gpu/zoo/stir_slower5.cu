// SPDX-License-Identifier: Apache-2.0
// Right, and 5 % slower: it repeats a twentieth of its own work.
#include "zoo.h"

extern "C" __global__ void stir_slower5(float* out, const float* in, int* spare, int n,
                                        int rounds) {
  if (const int i = zoo_index(); i < n) zoo_stir_one(out, in, spare, i, rounds + rounds / 20);
}
