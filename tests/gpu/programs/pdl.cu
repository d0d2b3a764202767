// SPDX-License-Identifier: Apache-2.0
// Programmatic dependent launch: the second kernel may start before the first has ended and waits
// inside.
#include "check.h"

namespace {

constexpr int kThreads = 256;

__global__ void produce(float* data, float value) {
#if __CUDA_ARCH__ >= 900
  cudaTriggerProgrammaticLaunchCompletion();
#endif
  data[threadIdx.x] = value;
}

__global__ void consume(const float* data, float* out) {
#if __CUDA_ARCH__ >= 900
  cudaGridDependencySynchronize();
#endif
  out[threadIdx.x] += data[threadIdx.x];
}

void launch_dependent(float* data, float* out, cudaStream_t stream) {
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  attribute.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(1);
  config.blockDim = dim3(kThreads);
  config.stream = stream;
  config.attrs = &attribute;
  config.numAttrs = 1;
  CHECK_RT(cudaLaunchKernelEx(&config, consume, static_cast<const float*>(data), out));
}

}  // namespace

int main() {
  if (compute_major() < 9) return skip("dependent launches need compute capability 9.0");
  auto* data = device_zeros<float>(kThreads);
  auto* out = device_zeros<float>(kThreads);
  cudaStream_t stream = nullptr;
  CHECK_RT(cudaStreamCreate(&stream));
  CHECK_RT(cudaDeviceSynchronize());
  for (int i = 0; i < 50; ++i) {
    produce<<<1, kThreads, 0, stream>>>(data, 1.0f);
    launch_dependent(data, out, stream);
    CHECK_RT(cudaStreamSynchronize(stream));
  }
  CHECK(all_equal(to_host(out, kThreads), 50.0f));
  return succeed();
}
