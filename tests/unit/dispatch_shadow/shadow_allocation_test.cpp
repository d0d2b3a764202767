// SPDX-License-Identifier: Apache-2.0
//
// A launch that is verified allocates nothing of ours, either.
#include <cstdlib>
#include <new>

#include "tests/unit/dispatch_shadow/shadow_fixture.h"

namespace {
thread_local long t_allocations = 0;
}

[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++t_allocations;
  if (void* const memory = std::malloc(bytes != 0 ? bytes : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  ++t_allocations;
  return std::malloc(bytes != 0 ? bytes : 1);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace fib::dispatch::testing {
namespace {

/// The simulator allocates for what it queues: these queue nothing.
CUresult CUDAAPI null_copy(CUdeviceptr, CUdeviceptr, std::size_t, CUstream) { return CUDA_SUCCESS; }
CUresult CUDAAPI null_set(CUdeviceptr, unsigned char, std::size_t, CUstream) {
  return CUDA_SUCCESS;
}
CUresult CUDAAPI null_launch(CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                             unsigned, CUstream, void**, void**) {
  return CUDA_SUCCESS;
}

TEST_F(ShadowTest, ALaunchAllocatesNothing) {
  start("right");
  const Scale scale = make(100);
  launch_all(scale, 3);
  const driver::DriverApi real = api;
  api.cuMemcpyDtoDAsync_v2 = null_copy;
  api.cuMemsetD8Async = null_set;
  api.cuLaunchKernel = null_launch;
  const long before = t_allocations;
  for (int i = 0; i < 100; ++i) (void)launch(scale);
  const long allocated = t_allocations - before;
  api = real;
  EXPECT_EQ(allocated, 0);
  EXPECT_GE(shadow->unverified(Unverified::AllInUse), 30u) << "both ways were gone";
}

}  // namespace
}  // namespace fib::dispatch::testing
