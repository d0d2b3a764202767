// SPDX-License-Identifier: Apache-2.0
// The same kernels on two GPUs of one process, from one thread that switches, with copies between
// them.
#include "check.h"

namespace {

constexpr int kCount = 1024;

__global__ void add(int* data, int value) { data[blockIdx.x * blockDim.x + threadIdx.x] += value; }

void launch_on(int device, int* data, cudaStream_t stream) {
  CHECK_RT(cudaSetDevice(device));
  for (int i = 0; i < 50; ++i) add<<<kCount / 256, 256, 0, stream>>>(data, device + 1);
  CHECK_RT(cudaGetLastError());
}

}  // namespace

int main() {
  int devices = 0;
  CHECK_RT(cudaGetDeviceCount(&devices));
  if (devices < 2) return skip("one GPU only");
  int* data[2];
  cudaStream_t streams[2];
  for (int device = 0; device < 2; ++device) {
    CHECK_RT(cudaSetDevice(device));
    data[device] = device_zeros<int>(kCount);
    CHECK_RT(cudaStreamCreate(&streams[device]));
    CHECK_RT(cudaDeviceSynchronize());
  }
  for (int round = 0; round < 2; ++round) {
    for (int device = 0; device < 2; ++device) launch_on(device, data[device], streams[device]);
  }
  CHECK(all_equal(to_host(data[1], kCount), 200));
  CHECK_RT(cudaStreamSynchronize(streams[0]));
  CHECK_RT(cudaMemcpyPeer(data[0], 0, data[1], 1, kCount * sizeof(int)));
  launch_on(0, data[0], streams[0]);
  CHECK(all_equal(to_host(data[0], kCount), 250));
  return succeed();
}
