// SPDX-License-Identifier: Apache-2.0
// RMSNorm over rows of 4096 bfloat16 values: a row per block, 16 bytes per thread, read once and
// kept in registers. Needs no header, so that NVRTC can compile it anywhere.
constexpr int kHidden = 4096, kThreads = kHidden / 8, kWarps = kThreads / 32;

struct alignas(16) Words {
  unsigned word[4];
};

__device__ inline float low(unsigned pair) { return __uint_as_float(pair << 16); }
__device__ inline float high(unsigned pair) { return __uint_as_float(pair & 0xffff0000u); }

/// Two floats rounded to bfloat16, to nearest even.
__device__ inline unsigned pack(float first, float second) {
  unsigned pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(second), "f"(first));
  return pair;
}

__device__ inline float sum_of_block(float value) {
  __shared__ float partial[kWarps];
  for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(0xffffffffu, value, step);
  if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = value;
  __syncthreads();
  value = partial[threadIdx.x % kWarps];
  for (int step = kWarps / 2; step > 0; step /= 2)
    value += __shfl_xor_sync(0xffffffffu, value, step);
  return value;
}

extern "C" __global__ void __launch_bounds__(kThreads)
    rmsnorm_vec(const Words* in, const Words* weight, Words* out, float epsilon) {
  const unsigned long long at = (unsigned long long)blockIdx.x * kThreads + threadIdx.x;
  const Words x = in[at], w = weight[threadIdx.x];
  float sum = 0;
  for (int i = 0; i < 4; ++i) {
    sum += low(x.word[i]) * low(x.word[i]) + high(x.word[i]) * high(x.word[i]);
  }
  const float scale = rsqrtf(sum_of_block(sum) / kHidden + epsilon);
  Words result;
  for (int i = 0; i < 4; ++i) {
    result.word[i] =
        pack(low(x.word[i]) * scale * low(w.word[i]), high(x.word[i]) * scale * high(w.word[i]));
  }
  out[at] = result;
}
