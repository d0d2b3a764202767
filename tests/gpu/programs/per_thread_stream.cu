// SPDX-License-Identifier: Apache-2.0
// Built with --default-stream per-thread: `<<<>>>` without a stream goes through the _ptsz entry
// points.
#include <thread>

#include "check.h"

namespace {

constexpr int kThreads = 4;
constexpr int kLaunches = 100;

__global__ void add_one(float* data) { data[threadIdx.x] += 1.0f; }

void launch_on_every_kind_of_default_stream(float* data) {
  for (int i = 0; i < kLaunches; ++i) add_one<<<1, 128>>>(data);
  add_one<<<1, 128, 0, cudaStreamPerThread>>>(data);
  CHECK_RT(cudaStreamSynchronize(cudaStreamPerThread));
  add_one<<<1, 128, 0, cudaStreamLegacy>>>(data);
  CHECK_RT(cudaStreamSynchronize(cudaStreamLegacy));
}

}  // namespace

int main() {
  std::vector<float*> buffers;
  for (int i = 0; i < kThreads; ++i) buffers.push_back(device_zeros<float>(128));
  CHECK_RT(cudaDeviceSynchronize());
  std::vector<std::thread> threads;
  for (float* buffer : buffers)
    threads.emplace_back(launch_on_every_kind_of_default_stream, buffer);
  for (std::thread& thread : threads) thread.join();
  for (float* buffer : buffers) CHECK(all_equal(to_host(buffer, 128), float(kLaunches + 2)));
  return succeed();
}
