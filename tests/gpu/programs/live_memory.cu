// SPDX-License-Identifier: Apache-2.0
// live_memory [GB [PERCENT [RESERVED_GB]]]: GB gigabytes of live memory with contents of their own,
// RESERVED_GB more that nobody ever touched. Two NVTX ranges `fib-window` with a few launches, and
// between them PERCENT of the live memory changes. Prints how long each range took, in which an
// ordinary one takes microseconds: what a recorder adds is the pause that the program sees.
#include <nvtx3/nvToolsExt.h>

#include <chrono>
#include <cstdlib>

#include "check.h"

namespace {

constexpr std::size_t kGigabyte = std::size_t{1} << 30, kChunk = std::size_t{256} << 20;
constexpr int kLaunches = 8;

/// Every word differs from all others, so that no two pages are alike.
__global__ void scramble(unsigned long long* data, std::size_t words, unsigned long long seed) {
  const std::size_t stride = std::size_t{gridDim.x} * blockDim.x;
  for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < words; i += stride) {
    unsigned long long x = seed + i * 0x9e3779b97f4a7c15ull;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    data[i] = x ^ (x >> 31);
  }
}

__global__ void count(unsigned long long* counter) { atomicAdd(counter, 1ull); }

std::vector<unsigned long long*> chunks_of(double gigabytes) {
  std::vector<unsigned long long*> chunks;
  auto left = static_cast<std::size_t>(gigabytes * double(kGigabyte));
  for (; left >= kChunk; left -= kChunk) {
    void* p = nullptr;
    CHECK_RT(cudaMalloc(&p, kChunk));
    chunks.push_back(static_cast<unsigned long long*>(p));
  }
  return chunks;
}

void fill(unsigned long long* chunk, std::size_t bytes, unsigned long long seed) {
  scramble<<<1024, 256>>>(chunk, bytes / sizeof *chunk, seed);
  CHECK_RT(cudaGetLastError());
}

double milliseconds_of_window(unsigned long long* counter) {
  CHECK_RT(cudaDeviceSynchronize());
  const auto begin = std::chrono::steady_clock::now();
  nvtxRangePushA("fib-window");
  for (int i = 0; i < kLaunches; ++i) count<<<1, 32>>>(counter);
  CHECK_RT(cudaDeviceSynchronize());
  nvtxRangePop();
  count<<<1, 32>>>(counter);  // where a window that waits for a call ends
  CHECK_RT(cudaDeviceSynchronize());
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  return took.count();
}

double argument(int argc, char** argv, int index, double otherwise) {
  return argc > index ? std::atof(argv[index]) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  const double live = argument(argc, argv, 1, 0.5), percent = argument(argc, argv, 2, 10);
  const double reserved = argument(argc, argv, 3, 0);
  std::size_t free_bytes = 0, total = 0;
  CHECK_RT(cudaMemGetInfo(&free_bytes, &total));
  if ((live + reserved + 1) * double(kGigabyte) > double(free_bytes))
    return skip("not enough GPU memory");
  const auto chunks = chunks_of(live);
  chunks_of(reserved);
  unsigned long long seed = 1;
  for (unsigned long long* chunk : chunks) fill(chunk, kChunk, ++seed << 40);
  auto* counter = device_zeros<unsigned long long>(1);
  const double first = milliseconds_of_window(counter);
  const auto part = static_cast<std::size_t>(double(kChunk) * percent / 100) / 65536 * 65536;
  for (unsigned long long* chunk : chunks)
    if (part > 0) fill(chunk, part, ++seed << 40);
  const double second = milliseconds_of_window(counter);
  CHECK(to_host(counter, 1)[0] == 2ull * (kLaunches + 1) * 32);
  std::printf(
      "RESULT case=live_memory first_ms=%.3f second_ms=%.3f live_gb=%g changed_percent=%g\n", first,
      second, double(chunks.size()) * double(kChunk) / double(kGigabyte), percent);
  return succeed();
}
