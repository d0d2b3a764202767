// SPDX-License-Identifier: Apache-2.0
//
// A driver that refuses what verification asks of it: the engine gets its result all the same.
#include "tests/unit/dispatch_shadow/shadow_fixture.h"

namespace fib::dispatch::testing {
namespace {

/// Calls of these functions fail from now on; the rest is the driver's own.
driver::DriverApi real;

CUresult CUDAAPI no_copy(CUdeviceptr, CUdeviceptr, std::size_t, CUstream) {
  return CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
}
CUresult CUDAAPI no_copy_out(void*, CUdeviceptr, std::size_t, CUstream) {
  return CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
}
/// Of the launches only the comparison has so many threads.
CUresult CUDAAPI no_comparison(CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                               unsigned by, unsigned bz, unsigned shared, CUstream stream,
                               void** params, void** extra) {
  if (bx == kCompareThreads) return CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
  return real.cuLaunchKernel(f, gx, gy, gz, bx, by, bz, shared, stream, params, extra);
}
CUresult CUDAAPI little_memory(CUdeviceptr* address, std::size_t bytes) {
  if (bytes > std::size_t{1} << 20) return CUDA_ERROR_OUT_OF_MEMORY;
  return real.cuMemAlloc_v2(address, bytes);
}
/// As if the GPU saw no difference where there is one.
CUresult CUDAAPI no_single_element(CUdeviceptr address, unsigned short value, std::size_t count,
                                   CUstream stream) {
  return count == 1 ? CUDA_SUCCESS : real.cuMemsetD16Async(address, value, count, stream);
}

class Faults : public ShadowTest {
 protected:
  void SetUp() override {
    ShadowTest::SetUp();
    real = api;
  }
  void TearDown() override {
    api = real;
    ShadowTest::TearDown();
  }
};

TEST_F(Faults, CopiesFail) {
  start("one_off");
  api.cuMemcpyDtoDAsync_v2 = no_copy;
  const Scale scale = make(100);
  for (int i = 0; i < 200; ++i) launch_all(scale, 1);
  EXPECT_EQ(wrong_elements(scale), 0);
  EXPECT_EQ(shadow->unverified(Unverified::DriverRefused), 200u);
  EXPECT_EQ(shadow->unverified(Unverified::AllInUse), 0u) << "the memory comes back";
  EXPECT_FALSE(is_demoted("one_off"));
  api = real;
  launch_all(scale, 1);
  shadow->tick();
  EXPECT_TRUE(is_demoted("one_off"));
}

TEST_F(Faults, TheComparisonCantBeLaunched) {
  start("right");
  api.cuLaunchKernel = no_comparison;
  const Scale scale = make(100);
  launch_all(scale, 100);
  EXPECT_EQ(wrong_elements(scale), 0);
  EXPECT_EQ(shadow->unverified(Unverified::DriverRefused), ScratchUnits::kUnits)
      << "memory that may still be in use is not used again";
  EXPECT_EQ(shadow->unverified(Unverified::AllInUse), 100u - ScratchUnits::kUnits);
  api = real;
  shadow->context_ending(context);
  shadow->context_appeared(context);
  launch_all(scale, 1);
  shadow->tick();
  EXPECT_EQ(verified("right"), 1u);
}

TEST_F(Faults, TheRecordCantBeCopied) {
  start("one_off");
  launch_all(make(100), 1);
  api.cuMemcpyDtoHAsync_v2 = no_copy_out;
  shadow->tick();
  EXPECT_TRUE(is_demoted("one_off"));
  EXPECT_TRUE(records().empty());
}

TEST_F(Faults, ThereIsLessMemoryThanWanted) {
  api.cuMemAlloc_v2 = little_memory;
  start("right", [](Options& options) { options.scratch_bytes = std::size_t{64} << 20; });
  launch_all(make(100), 3);
  shadow->tick();
  EXPECT_EQ(verified("right"), 3u);
  launch_all(make(1 << 17), 1);
  EXPECT_EQ(shadow->unverified(Unverified::TooLarge), 0u);
  api = real;
  launch_all(make(1 << 18), 1);
  EXPECT_EQ(shadow->unverified(Unverified::TooLarge), 1u);
}

TEST_F(Faults, AGpuThatComparesWronglyIsNotUsed) {
  api.cuMemsetD16Async = no_single_element;
  start("one_off");
  const Scale scale = make(100);
  launch_all(scale, 3);
  shadow->tick();
  EXPECT_EQ(wrong_elements(scale), 0);
  EXPECT_EQ(shadow->unverified(Unverified::NoMemory), 3u);
  EXPECT_FALSE(is_demoted("one_off"));
}

}  // namespace
}  // namespace fib::dispatch::testing
