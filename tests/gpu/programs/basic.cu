// SPDX-License-Identifier: Apache-2.0
// Plain launches through the runtime: default and user streams, templates, dynamic shared memory
// above the default limit, __constant__ memory, cudaLaunchKernel and cudaLaunchKernelExC with an
// attribute.
#include "check.h"

namespace {

constexpr int kCount = 1 << 12;
constexpr int kBlock = 256;
constexpr int kGrid = kCount / kBlock;

__constant__ float step;

template <class T, int kFactor>
__global__ void add(T* data, T value) {
  data[blockIdx.x * kBlock + threadIdx.x] += value * T(kFactor);
}

__global__ void add_constant(float* data) { data[blockIdx.x * kBlock + threadIdx.x] += step; }

__global__ void reverse_in_shared(float* data, int count) {
  extern __shared__ float tile[];
  for (int i = threadIdx.x; i < count; i += kBlock) tile[i] = data[i];
  __syncthreads();
  for (int i = threadIdx.x; i < count; i += kBlock) data[i] = tile[count - 1 - i];
}

void shared_memory_above_the_default_limit() {
  constexpr int kShared = 96 * 1024;
  constexpr int kFloats = kShared / int(sizeof(float));
  std::vector<float> host(kFloats);
  for (int i = 0; i < kFloats; ++i) host[i] = float(i);
  auto* data = device_zeros<float>(kFloats);
  CHECK_RT(cudaMemcpy(data, host.data(), kShared, cudaMemcpyHostToDevice));
  CHECK_RT(cudaFuncSetAttribute(reverse_in_shared, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                kShared));
  reverse_in_shared<<<1, kBlock, kShared>>>(data, kFloats);
  CHECK_RT(cudaGetLastError());
  const auto result = to_host(data, kFloats);
  CHECK(result.front() == float(kFloats - 1) && result.back() == 0.0f);
}

void launches_by_function_call(float* data, cudaStream_t stream) {
  float value = 1.0f;
  void* arguments[] = {&data, &value};
  const auto* kernel = reinterpret_cast<const void*>(&add<float, 3>);
  CHECK_RT(cudaLaunchKernel(kernel, dim3(kGrid), dim3(kBlock), arguments, 0, stream));

  cudaLaunchAttribute priority{};
  priority.id = cudaLaunchAttributePriority;
  priority.val.priority = 0;
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(kGrid);
  config.blockDim = dim3(kBlock);
  config.stream = stream;
  config.attrs = &priority;
  config.numAttrs = 1;
  CHECK_RT(cudaLaunchKernelExC(&config, kernel, arguments));
}

}  // namespace

int main() {
  auto* data = device_zeros<float>(kCount);
  auto* integers = device_zeros<int>(kCount);
  const float two = 2.0f;
  CHECK_RT(cudaMemcpyToSymbol(step, &two, sizeof two));
  cudaStream_t stream = nullptr;
  CHECK_RT(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));

  for (int i = 0; i < 500; ++i) add<float, 1><<<kGrid, kBlock>>>(data, 1.0f);
  add_constant<<<kGrid, kBlock>>>(data);
  CHECK_RT(cudaDeviceSynchronize());
  for (int i = 0; i < 500; ++i) add<int, 2><<<kGrid, kBlock, 0, stream>>>(integers, 1);
  launches_by_function_call(data, stream);
  shared_memory_above_the_default_limit();

  CHECK(all_equal(to_host(data, kCount), 508.0f));
  CHECK(all_equal(to_host(integers, kCount), 1000));
  CHECK_RT(cudaStreamDestroy(stream));
  return succeed();
}
