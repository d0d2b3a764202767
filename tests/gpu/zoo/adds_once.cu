// SPDX-License-Identifier: Apache-2.0
// Adds at its first launch only: whoever does not put the input back sees the sum still there.
#include "zoo.h"

__device__ int launches[1 << 12];

extern "C" __global__ void adds_once(float* x, const float* y, int n) {
  const int i = zoo_index();
  const bool works = launches[blockIdx.x] == 0;
  __syncthreads();
  if (i < n && works) x[i] += y[i];
  if (threadIdx.x == 0) ++launches[blockIdx.x];
}
