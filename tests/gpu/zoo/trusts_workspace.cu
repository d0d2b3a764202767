// SPDX-License-Identifier: Apache-2.0
// Adds to a workspace that nobody cleared: right as long as it holds zeros.
#include "zoo.h"

extern "C" __global__ void trusts_workspace_parts(float* parts, const float* in, int rows,
                                                  int width) {
  const int row = int(blockIdx.x), half = width / 2;
  const float* begin = in + (long long)row * width;
  const float sum =
      blockIdx.y == 0 ? zoo_row_sum(begin, half) : zoo_row_sum(begin + half, width - half);
  if (threadIdx.x == 0) atomicAdd(parts + row, sum);
}

extern "C" __global__ void trusts_workspace(float* out, float* parts, int rows) {
  if (const int i = zoo_index(); i < rows) {
    out[i] = parts[i];
    parts[i] = 0.0f;  // for the next launch
  }
}
