// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda.h>
#include <x86intrin.h>

#include <cstdint>

namespace fib::test {

/// Launches `count` times without a system call or an allocation of its own, not faster than a real
/// driver takes them. Returns how many calls failed.
inline int paced_launches(CUfunction function, CUstream stream, CUdeviceptr memory, int count) {
  constexpr std::uint64_t kTicks = 6000;  // 2 to 3 microseconds on today's machines
  int n = 1, failed = 0;
  std::uint64_t next = __rdtsc();
  for (int i = 0; i < count; ++i) {
    void* params[] = {&memory, &n, &i};
    failed +=
        cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, stream, params, nullptr) != CUDA_SUCCESS;
    next += kTicks;
    while (__rdtsc() < next) _mm_pause();
  }
  return failed;
}

}  // namespace fib::test
