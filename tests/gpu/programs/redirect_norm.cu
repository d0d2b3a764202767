// SPDX-License-Identifier: Apache-2.0
// redirect_norm [ROUNDS]: an RMSNorm as people write it by hand, the target of
// scripts/gpu_redirect, on every GPU: launched eagerly, captured, and as a node of a hand-built
// graph whose parameters change. Checks its own results against the host and prints a checksum and
// the times of one launch.
#include <cuda_bf16.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "check.h"

namespace {

constexpr int kHidden = 4096, kRows = 2048, kThreads = 256;
constexpr float kEpsilon = 1e-5f;
constexpr float kBound = 1.6e-2f;  // of a bfloat16 result, relative

using Bf16 = __nv_bfloat16;

}  // namespace

/// One row per block, two passes over it.
__global__ void rmsnorm_rows(Bf16* out, const Bf16* in, const Bf16* weight, float epsilon,
                             int hidden) {
  const Bf16* row = in + std::size_t(blockIdx.x) * hidden;
  __shared__ float sums[kThreads];
  float sum = 0;
  for (int i = threadIdx.x; i < hidden; i += kThreads) {
    const float value = __bfloat162float(row[i]);
    sum += value * value;
  }
  sums[threadIdx.x] = sum;
  __syncthreads();
  for (int half = kThreads / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
    __syncthreads();
  }
  const float scale = rsqrtf(sums[0] / float(hidden) + epsilon);
  for (int i = threadIdx.x; i < hidden; i += kThreads) {
    const float value = __bfloat162float(row[i]) * scale * __bfloat162float(weight[i]);
    out[std::size_t(blockIdx.x) * hidden + i] = __float2bfloat16(value);
  }
}

namespace {

/// Numbers between -1 and 1 that look random and are the same everywhere.
float value_at(std::uint32_t i) {
  i = (i ^ 61u ^ (i >> 16)) * 9u;
  i = (i ^ (i >> 4)) * 0x27d4eb2du;
  return float(int(i ^ (i >> 15)) % 10007) / 10007.0f;
}

struct Data {
  std::vector<Bf16> in, weight;
  Bf16 *device_in, *device_weight, *device_out;

  Data() : in(std::size_t(kRows) * kHidden), weight(kHidden) {
    for (std::size_t i = 0; i < in.size(); ++i) in[i] = __float2bfloat16(value_at(unsigned(i)));
    for (int i = 0; i < kHidden; ++i) weight[i] = __float2bfloat16(1 + value_at(7u * i) / 4);
    device_in = device_zeros<Bf16>(in.size());
    device_weight = device_zeros<Bf16>(weight.size());
    device_out = device_zeros<Bf16>(in.size());
    CHECK_RT(cudaMemcpy(device_in, in.data(), 2 * in.size(), cudaMemcpyHostToDevice));
    CHECK_RT(cudaMemcpy(device_weight, weight.data(), 2 * kHidden, cudaMemcpyHostToDevice));
    CHECK_RT(cudaDeviceSynchronize());
  }
};

void launch(const Data& data, int rows, cudaStream_t stream) {
  rmsnorm_rows<<<rows, kThreads, 0, stream>>>(data.device_out, data.device_in, data.device_weight,
                                              kEpsilon, kHidden);
  CHECK_RT(cudaGetLastError());
}

/// The largest relative error of some of the first `rows` rows; later ones must be untouched zeros.
double error_of(const Data& data, const std::vector<Bf16>& out, int rows) {
  double worst = 0;
  for (int r = 0; r < kRows; r += 13) {
    const std::size_t begin = std::size_t(r) * kHidden;
    double sum = 0;
    for (int i = 0; i < kHidden; ++i) sum += std::pow(__bfloat162float(data.in[begin + i]), 2);
    const double scale = r < rows ? 1 / std::sqrt(sum / kHidden + kEpsilon) : 0;
    for (int i = 0; i < kHidden; ++i) {
      const double expected =
          __bfloat162float(data.in[begin + i]) * scale * __bfloat162float(data.weight[i]);
      const double error = std::abs(__bfloat162float(out[begin + i]) - expected);
      worst = std::max(worst, error / std::max(std::abs(expected), 1e-2));
    }
  }
  return worst;
}

std::uint64_t checksum(const std::vector<Bf16>& out) {
  std::uint64_t sum = 14695981039346656037ull;
  for (const Bf16 value : out) {
    sum = (sum ^ __bfloat16_as_ushort(value)) * 1099511628211ull;
  }
  return sum;
}

struct Results {
  std::uint64_t sum = 0;
  double error = 0;

  void add(const Data& data, int rows) {
    const auto out = to_host(data.device_out, data.in.size());
    error = std::max(error, error_of(data, out, rows));
    sum = sum * 31 + checksum(out);
    CHECK_RT(cudaMemset(data.device_out, 0, 2 * data.in.size()));
    CHECK_RT(cudaDeviceSynchronize());
  }
};

void eager(const Data& data, cudaStream_t stream, int rounds, Results& results) {
  for (int i = 0; i < rounds; ++i) launch(data, kRows, stream);
  results.add(data, kRows);
  launch(data, 33, stream);
  results.add(data, 33);
}

void captured(const Data& data, cudaStream_t stream, int rounds, Results& results) {
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  CHECK_RT(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  launch(data, kRows, stream);
  launch(data, 8, stream);
  CHECK_RT(cudaStreamEndCapture(stream, &graph));
  CHECK_RT(cudaGraphInstantiate(&exec, graph, 0));
  for (int i = 0; i < rounds; ++i) CHECK_RT(cudaGraphLaunch(exec, stream));
  results.add(data, kRows);
  CHECK_RT(cudaGraphExecDestroy(exec));
  CHECK_RT(cudaGraphDestroy(graph));
}

void explicit_graph(const Data& data, cudaStream_t stream, int rounds, Results& results) {
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  cudaGraphNode_t node;
  float epsilon = kEpsilon;
  int hidden = kHidden;
  const Bf16 *in = data.device_in, *weight = data.device_weight;
  Bf16* out = data.device_out;
  void* arguments[] = {&out, &in, &weight, &epsilon, &hidden};
  cudaKernelNodeParams params{};
  params.func = reinterpret_cast<void*>(&rmsnorm_rows);
  params.gridDim = dim3(100);
  params.blockDim = dim3(kThreads);
  params.kernelParams = arguments;
  CHECK_RT(cudaGraphCreate(&graph, 0));
  CHECK_RT(cudaGraphAddKernelNode(&node, graph, nullptr, 0, &params));
  CHECK_RT(cudaGraphInstantiate(&exec, graph, 0));
  CHECK_RT(cudaGraphLaunch(exec, stream));
  results.add(data, 100);
  for (int i = 0; i < rounds; ++i) {
    params.gridDim = dim3(unsigned(200 + i % 7));
    CHECK_RT(cudaGraphExecKernelNodeSetParams(exec, node, &params));
    CHECK_RT(cudaGraphLaunch(exec, stream));
  }
  results.add(data, 200 + std::min(rounds - 1, 6));
  cudaKernelNodeParams read{};
  CHECK_RT(cudaGraphKernelNodeGetParams(node, &read));
  CHECK(read.gridDim.x == 100 && *static_cast<int*>(read.kernelParams[4]) == kHidden);
  CHECK_RT(cudaGraphExecDestroy(exec));
  CHECK_RT(cudaGraphDestroy(graph));
}

/// Microseconds per launch in bursts of 50, as the GPU sees them; the text of a list.
std::string times(const Data& data, cudaStream_t stream) {
  cudaEvent_t begin, end;
  CHECK_RT(cudaEventCreate(&begin));
  CHECK_RT(cudaEventCreate(&end));
  std::string text;
  for (int sample = 0; sample < 24; ++sample) {
    CHECK_RT(cudaEventRecord(begin, stream));
    for (int i = 0; i < 50; ++i) launch(data, kRows, stream);
    CHECK_RT(cudaEventRecord(end, stream));
    CHECK_RT(cudaEventSynchronize(end));
    float milliseconds = 0;
    CHECK_RT(cudaEventElapsedTime(&milliseconds, begin, end));
    if (sample >= 4) text += (text.empty() ? "" : ",") + std::to_string(milliseconds * 1000 / 50);
  }
  return text;
}

void run(int device, int rounds) {
  CHECK_RT(cudaSetDevice(device));
  cudaStream_t stream;
  CHECK_RT(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  const Data data;
  Results results;
  eager(data, stream, rounds, results);
  captured(data, stream, rounds, results);
  explicit_graph(data, stream, rounds, results);
  const std::string samples = times(data, stream);
  CHECK_RT(cudaStreamSynchronize(stream));
  std::printf("RESULT case=redirect_norm device=%d checksum=%016llx max_error=%.3g samples_us=%s\n",
              device, static_cast<unsigned long long>(results.sum), results.error, samples.c_str());
  CHECK(results.error < kBound);
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 20;
  int devices = 0;
  CHECK_RT(cudaGetDeviceCount(&devices));
  for (int device = 0; device < std::min(devices, 2); ++device) run(device, rounds);
  return succeed();
}
