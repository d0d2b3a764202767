// SPDX-License-Identifier: Apache-2.0
// Sixteen threads make their first launch at the same moment, then launch as fast as they can.
#include <barrier>
#include <thread>

#include "check.h"

namespace {

constexpr int kThreads = 16;
constexpr int kLaunches = 500;

template <int kThread>
__global__ void count(int* slot) {
  *slot += 1;
}

__global__ void count_shared(int* slot) { atomicAdd(slot, 1); }

std::barrier start(kThreads);

template <int kThread>
void launch_many(int* own, int* shared) {
  cudaStream_t stream = nullptr;
  CHECK_RT(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  start.arrive_and_wait();
  for (int i = 0; i < kLaunches; ++i) {
    count<kThread><<<1, 1, 0, stream>>>(own);
    count_shared<<<1, 1, 0, stream>>>(shared);
  }
  CHECK_RT(cudaStreamSynchronize(stream));
  CHECK_RT(cudaStreamDestroy(stream));
}

template <int... kThread>
void run_all(int* slots, std::integer_sequence<int, kThread...>) {
  std::vector<std::thread> threads;
  (threads.emplace_back(launch_many<kThread>, slots + kThread, slots + kThreads), ...);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

int main() {
  auto* slots = device_zeros<int>(kThreads + 1);
  CHECK_RT(cudaDeviceSynchronize());
  run_all(slots, std::make_integer_sequence<int, kThreads>());
  auto counted = to_host(slots, kThreads + 1);
  CHECK(counted.back() == kThreads * kLaunches);
  counted.pop_back();
  CHECK(all_equal(counted, kLaunches));
  return succeed();
}
