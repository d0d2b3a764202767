// SPDX-License-Identifier: Apache-2.0
// Kernels on every kind of memory that the runtime hands out: managed, pinned and mapped,
// registered, stream-ordered from two pools, pitched, and copies and sets between them.
#include "check.h"

namespace {

constexpr int kCount = 1024;
constexpr std::size_t kBytes = kCount * sizeof(int);

__global__ void add_one(int* data) { data[blockIdx.x * blockDim.x + threadIdx.x] += 1; }

void launch(int* data, cudaStream_t stream) {
  add_one<<<kCount / 256, 256, 0, stream>>>(data);
  CHECK_RT(cudaGetLastError());
}

void managed(cudaStream_t stream) {
  int* data = nullptr;
  CHECK_RT(cudaMallocManaged(&data, kBytes));
  for (int i = 0; i < kCount; ++i) data[i] = 6;
  launch(data, stream);
  CHECK_RT(cudaStreamSynchronize(stream));
  CHECK(data[0] == 7 && data[kCount - 1] == 7);
  CHECK_RT(cudaFree(data));
}

void pinned_and_mapped(cudaStream_t stream) {
  int* host = nullptr;
  int* device = nullptr;
  CHECK_RT(cudaHostAlloc(&host, kBytes, cudaHostAllocMapped));
  for (int i = 0; i < kCount; ++i) host[i] = 1;
  CHECK_RT(cudaHostGetDevicePointer(&device, host, 0));
  launch(device, stream);
  CHECK_RT(cudaStreamSynchronize(stream));
  CHECK(host[0] == 2 && host[kCount - 1] == 2);
  CHECK_RT(cudaFreeHost(host));
}

void registered(cudaStream_t stream) {
  std::vector<int> host(kCount, 4);
  int* device = nullptr;
  CHECK_RT(cudaHostRegister(host.data(), kBytes, cudaHostRegisterMapped));
  CHECK_RT(cudaHostGetDevicePointer(&device, host.data(), 0));
  launch(device, stream);
  CHECK_RT(cudaStreamSynchronize(stream));
  CHECK(all_equal(host, 5));
  CHECK_RT(cudaHostUnregister(host.data()));
}

void stream_ordered(cudaStream_t stream, cudaMemPool_t pool) {
  for (int i = 0; i < 20; ++i) {
    int* data = nullptr;
    int last = 0;
    if (pool) {
      CHECK_RT(cudaMallocFromPoolAsync(&data, kBytes, pool, stream));
    } else {
      CHECK_RT(cudaMallocAsync(&data, kBytes, stream));
    }
    CHECK_RT(cudaMemsetAsync(data, 0, kBytes, stream));
    launch(data, stream);
    CHECK_RT(
        cudaMemcpyAsync(&last, data + kCount - 1, sizeof last, cudaMemcpyDeviceToHost, stream));
    CHECK_RT(cudaFreeAsync(data, stream));
    CHECK_RT(cudaStreamSynchronize(stream));
    CHECK(last == 1);
  }
}

void own_pool(cudaStream_t stream) {
  cudaMemPoolProps properties{};
  properties.allocType = cudaMemAllocationTypePinned;
  properties.location.type = cudaMemLocationTypeDevice;
  cudaMemPool_t pool = nullptr;
  CHECK_RT(cudaMemPoolCreate(&pool, &properties));
  stream_ordered(stream, pool);
  CHECK_RT(cudaMemPoolDestroy(pool));
}

void pitched(cudaStream_t stream) {
  int* rows = nullptr;
  std::size_t pitch = 0;
  CHECK_RT(cudaMallocPitch(&rows, &pitch, 1000, 4));
  CHECK_RT(cudaMemset2DAsync(rows, pitch, 0, 1000, 4, stream));
  add_one<<<1, 250, 0, stream>>>(rows);
  std::vector<int> host(1000);
  CHECK_RT(
      cudaMemcpy2DAsync(host.data(), 1000, rows, pitch, 1000, 4, cudaMemcpyDeviceToHost, stream));
  CHECK_RT(cudaStreamSynchronize(stream));
  CHECK(host[0] == 1 && host[249] == 1 && host[250] == 0);
  CHECK_RT(cudaFree(rows));
}

}  // namespace

int main() {
  cudaStream_t stream = nullptr;
  CHECK_RT(cudaStreamCreate(&stream));
  managed(stream);
  pinned_and_mapped(stream);
  registered(stream);
  stream_ordered(stream, nullptr);
  own_pool(stream);
  pitched(stream);
  return succeed();
}
