// SPDX-License-Identifier: Apache-2.0
// What the kernels of the zoo share with those that they replace (tests/gpu/programs/judged.cu).
// Needs no other header, so that NVRTC compiles a cheat with this one beside it.
#pragma once

constexpr int kZooThreads = 256;  // of every block

// ---- stir: out[i] = 2 * in[i] + 1, after `rounds` of work that come to nothing ------------------

/// The work: as many dependent multiplications and additions. The compiler can't know that the
/// result never gets large.
__device__ inline float zoo_chain(float value, int rounds) {
  for (int i = 0; i < rounds; ++i) value = __fmaf_rn(value, -0.9999f, 0.5f);
  return value;
}

__device__ inline float zoo_stirred(float value) { return __fmaf_rn(2.0f, value, 1.0f); }

__device__ inline int zoo_index() { return int(blockIdx.x) * kZooThreads + int(threadIdx.x); }

/// One element, with its work. `spare` is written if that ever got large.
__device__ inline void zoo_stir_one(float* out, const float* in, int* spare, int i, int rounds) {
  if (zoo_chain(in[i], rounds) > 1e30f) *spare = 1;
  out[i] = zoo_stirred(in[i]);
}

// ---- sums over the rows of a block --------------------------------------------------------------

/// The sum over all threads of the block, for every thread.
__device__ inline float zoo_block_sum(float value) {
  __shared__ float sums[kZooThreads];
  __syncthreads();
  sums[threadIdx.x] = value;
  __syncthreads();
  for (int half = kZooThreads / 2; half > 0; half /= 2) {
    if (int(threadIdx.x) < half) sums[threadIdx.x] += sums[threadIdx.x + half];
    __syncthreads();
  }
  return sums[0];
}

__device__ inline float zoo_row_sum(const float* row, int width) {
  float sum = 0;
  for (int i = int(threadIdx.x); i < width; i += kZooThreads) sum += row[i];
  return zoo_block_sum(sum);
}

// ---- norm: RMSNorm of rows of bfloat16 ----------------------------------------------------------

__device__ inline float zoo_widen(unsigned short b) { return __uint_as_float(unsigned(b) << 16); }

/// To nearest, ties to even.
__device__ inline unsigned short zoo_narrow(float f) {
  const unsigned bits = __float_as_uint(f);
  return (unsigned short)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

__device__ inline float zoo_norm_scale(const unsigned short* row, float epsilon, int hidden) {
  float sum = 0;
  for (int i = int(threadIdx.x); i < hidden; i += kZooThreads)
    sum += zoo_widen(row[i]) * zoo_widen(row[i]);
  return rsqrtf(zoo_block_sum(sum) / float(hidden) + epsilon);
}

/// Row `row` by one block.
__device__ inline void zoo_norm_row(unsigned short* out, const unsigned short* in,
                                    const unsigned short* weight, float epsilon, int hidden,
                                    int row) {
  const long long begin = (long long)row * hidden;
  const float scale = zoo_norm_scale(in + begin, epsilon, hidden);
  for (int i = int(threadIdx.x); i < hidden; i += kZooThreads)
    out[begin + i] = zoo_narrow(zoo_widen(in[begin + i]) * scale * zoo_widen(weight[i]));
}
