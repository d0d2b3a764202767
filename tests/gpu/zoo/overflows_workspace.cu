// SPDX-License-Identifier: Apache-2.0
// Writes behind the workspace that it asked for.
#include "zoo.h"

extern "C" __global__ void overflows_workspace_parts(float* parts, const float* in, int rows,
                                                     int width) {
  const int row = int(blockIdx.x), half = width / 2;
  const float* begin = in + (long long)row * width;
  const float sum =
      blockIdx.y == 0 ? zoo_row_sum(begin, half) : zoo_row_sum(begin + half, width - half);
  if (threadIdx.x == 0) parts[2 * row + int(blockIdx.y)] = sum;
  if (threadIdx.x == 0 && row == 0) parts[2 * rows + 1] = 7.0f;
}

extern "C" __global__ void overflows_workspace(float* out, const float* parts, int rows) {
  if (const int i = zoo_index(); i < rows) out[i] = parts[2 * i] + parts[2 * i + 1];
}
