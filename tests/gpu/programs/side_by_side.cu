// SPDX-License-Identifier: Apache-2.0
// An RMSNorm and a matrix product as people write them by hand, each launched a few times with one
// shape: what scripts/gpu_judge lets fib and FlashInfer-Bench judge the same Solutions for. Checks
// a part of its results against the host.
#include <cuda_bf16.h>

#include <algorithm>
#include <cmath>

#include "../zoo/zoo.h"
#include "check.h"

using Bf16 = __nv_bfloat16;

/// One row per block.
extern "C" __global__ void side_norm(unsigned short* out, const unsigned short* in,
                                     const unsigned short* weight, float epsilon, int hidden) {
  zoo_norm_row(out, in, weight, epsilon, hidden, int(blockIdx.x));
}

constexpr int kSide = 16;

/// C = A * B^T: a block makes 16 x 16 values.
extern "C" __global__ void side_gemm(Bf16* c, const Bf16* a, const Bf16* b, int n, int k) {
  __shared__ float tile_a[kSide][kSide + 1], tile_b[kSide][kSide + 1];
  const int row = int(blockIdx.y) * kSide + threadIdx.y, column = int(blockIdx.x) * kSide;
  float sum = 0;
  for (int at = 0; at < k; at += kSide) {
    tile_a[threadIdx.y][threadIdx.x] = __bfloat162float(a[(long long)row * k + at + threadIdx.x]);
    tile_b[threadIdx.y][threadIdx.x] =
        __bfloat162float(b[(long long)(column + threadIdx.y) * k + at + threadIdx.x]);
    __syncthreads();
    for (int d = 0; d < kSide; ++d) sum += tile_a[threadIdx.y][d] * tile_b[threadIdx.x][d];
    __syncthreads();
  }
  c[(long long)row * n + column + threadIdx.x] = __float2bfloat16(sum);
}

namespace {

constexpr int kHidden = 4096, kRows = 2048;
constexpr int kM = 512, kN = 2048, kK = 2048;
constexpr float kEpsilon = 1e-5f;

float value_at(unsigned i) {
  i = (i ^ 61u ^ (i >> 16)) * 9u;
  i = (i ^ (i >> 4)) * 0x27d4eb2du;
  return float((i ^ (i >> 15)) & 0xffff) / 32768.0f - 1.0f;
}

std::vector<Bf16> values(std::size_t count, unsigned from, float plus) {
  std::vector<Bf16> made(count);
  for (std::size_t i = 0; i < count; ++i)
    made[i] = __float2bfloat16(plus + value_at(from + unsigned(i)));
  return made;
}

Bf16* to_device(const std::vector<Bf16>& values) {
  Bf16* device = device_zeros<Bf16>(values.size());
  CHECK_RT(cudaMemcpy(device, values.data(), 2 * values.size(), cudaMemcpyHostToDevice));
  return device;
}

bool near(double got, double expected) {
  return std::abs(got - expected) <= 1.6e-2 * std::max(1.0, std::abs(expected));
}

unsigned short* bits(Bf16* values) { return reinterpret_cast<unsigned short*>(values); }

void norm(cudaStream_t stream) {
  const auto in = values(std::size_t(kRows) * kHidden, 1, 0), weight = values(kHidden, 2, 1.5f);
  Bf16 *device_in = to_device(in), *device_weight = to_device(weight);
  Bf16* out = device_zeros<Bf16>(in.size());
  CHECK_RT(cudaDeviceSynchronize());
  for (int i = 0; i < 5; ++i)
    side_norm<<<kRows, kZooThreads, 0, stream>>>(bits(out), bits(device_in), bits(device_weight),
                                                 kEpsilon, kHidden);
  const auto got = to_host(out, in.size());
  for (int row = 0; row < kRows; row += 97) {
    const std::size_t begin = std::size_t(row) * kHidden;
    double sum = 0;
    for (int i = 0; i < kHidden; ++i) sum += std::pow(__bfloat162float(in[begin + i]), 2);
    const double scale = 1 / std::sqrt(sum / kHidden + kEpsilon);
    for (int i = 0; i < kHidden; ++i)
      CHECK(near(__bfloat162float(got[begin + i]),
                 __bfloat162float(in[begin + i]) * scale * __bfloat162float(weight[i])));
  }
}

void gemm(cudaStream_t stream) {
  const auto a = values(std::size_t(kM) * kK, 3, 0), b = values(std::size_t(kN) * kK, 4, 0);
  Bf16 *device_a = to_device(a), *device_b = to_device(b);
  Bf16* c = device_zeros<Bf16>(std::size_t(kM) * kN);
  CHECK_RT(cudaDeviceSynchronize());
  const dim3 grid(kN / kSide, kM / kSide), block(kSide, kSide);
  for (int i = 0; i < 5; ++i) side_gemm<<<grid, block, 0, stream>>>(c, device_a, device_b, kN, kK);
  const auto got = to_host(c, std::size_t(kM) * kN);
  for (std::size_t i = 0; i < got.size(); i += 9973) {
    double sum = 0;
    for (int d = 0; d < kK; ++d)
      sum += double(__bfloat162float(a[i / kN * kK + d])) * __bfloat162float(b[i % kN * kK + d]);
    CHECK(near(__bfloat162float(got[i]), sum));
  }
}

}  // namespace

int main() {
  cudaStream_t stream;
  CHECK_RT(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  norm(stream);
  gemm(stream);
  return succeed();
}
