// SPDX-License-Identifier: Apache-2.0
// Works at every other launch only, and is timed as if it always did.
#include "zoo.h"

__device__ int launches[1 << 12];

extern "C" __global__ void every_other(float* out, const float* in, int* spare, int n, int rounds) {
  const int i = zoo_index();
  const bool works = launches[blockIdx.x] % 2 == 0;
  __syncthreads();
  if (i < n && works) out[i] = zoo_stirred(in[i]);
  if (threadIdx.x == 0) ++launches[blockIdx.x];
}
