// SPDX-License-Identifier: Apache-2.0
// C = A * B^T in bfloat16, for sizes that are multiples of 64 and 16: a block makes 64 x 64 values
// of C, a thread 4 x 4 of them. Needs no header, so that NVRTC can compile it anywhere.
constexpr int kTile = 64, kDepth = 16, kThreads = 256;

__device__ inline float widen(unsigned short b) { return __uint_as_float(unsigned(b) << 16); }

__device__ inline unsigned short narrow(float f) {
  unsigned short b;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(b) : "f"(f));
  return b;
}

/// 64 rows of kDepth values into shared memory, transposed: four of them per thread.
__device__ inline void load(float (*to)[kTile], const unsigned short* from, int k) {
  const int row = threadIdx.x / 4, column = threadIdx.x % 4 * 4;
  for (int i = 0; i < 4; ++i) to[column + i][row] = widen(from[(long long)row * k + column + i]);
}

extern "C" __global__ void __launch_bounds__(kThreads)
    gemm_tiled(const unsigned short* a, const unsigned short* b, unsigned short* c, int n, int k) {
  __shared__ float tile_a[kDepth][kTile], tile_b[kDepth][kTile];
  const long long row = (long long)blockIdx.y * kTile, column = (long long)blockIdx.x * kTile;
  const int y = threadIdx.x / 16 * 4, x = threadIdx.x % 16 * 4;
  float sum[4][4] = {};
  for (int at = 0; at < k; at += kDepth) {
    load(tile_a, a + row * k + at, k);
    load(tile_b, b + column * k + at, k);
    __syncthreads();
#pragma unroll
    for (int d = 0; d < kDepth; ++d) {
      for (int i = 0; i < 4; ++i) {
        for (int j = 0; j < 4; ++j) sum[i][j] += tile_a[d][y + i] * tile_b[d][x + j];
      }
    }
    __syncthreads();
  }
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 4; ++j) c[(row + y + i) * n + column + x + j] = narrow(sum[i][j]);
  }
}
