// SPDX-License-Identifier: Apache-2.0
#include "pages/gpu_hasher.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "trace/checksum.h"
#include "trace/format.h"

namespace fib::pages {
namespace {

using trace::Hash;
using trace::kPageBytes;

/// On the simulated driver, which the environment of these tests names.
class GpuHasherTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* error = nullptr;
    ASSERT_TRUE(driver::load_driver(api, error)) << error;
    ASSERT_EQ(CUDA_SUCCESS, api.cuInit(0));
    ASSERT_EQ(CUDA_SUCCESS, api.cuDevicePrimaryCtxRetain(&context, 0));
    ASSERT_EQ(CUDA_SUCCESS, api.cuCtxSetCurrent(context));
  }
  void TearDown() override {
    (void)api.cuCtxSetCurrent(nullptr);
    (void)api.cuDevicePrimaryCtxRelease_v2(0);
  }
  /// Device memory of `pages` pages with random content; `contents` holds the same.
  CUdeviceptr random_pages(std::size_t pages) {
    std::mt19937_64 random(pages);
    contents.resize(pages * kPageBytes / sizeof(std::uint64_t));
    for (auto& word : contents) word = random();
    CUdeviceptr memory = 0;
    EXPECT_EQ(CUDA_SUCCESS, api.cuMemAlloc_v2(&memory, pages * kPageBytes));
    EXPECT_EQ(CUDA_SUCCESS, api.cuMemcpyHtoD_v2(memory, contents.data(), pages * kPageBytes));
    return memory;
  }
  [[nodiscard]] Hash expected(std::size_t page) const {
    return trace::content_hash(
        std::as_bytes(std::span(contents)).subspan(page * kPageBytes, kPageBytes));
  }

  driver::DriverApi api{};
  CUcontext context = nullptr;
  std::vector<std::uint64_t> contents;
};

TEST_F(GpuHasherTest, AgreesWithTheCpuInAnyOrder) {
  const CUdeviceptr memory = random_pages(50);
  GpuHasher hasher(api);
  ASSERT_EQ(CUDA_SUCCESS, hasher.load());
  std::vector<CUdeviceptr> pages;
  for (std::size_t i = 0; i < 50; ++i) pages.push_back(memory + i * 7 % 50 * kPageBytes);
  std::vector<Hash> hashes(pages.size());
  ASSERT_EQ(CUDA_SUCCESS, hasher.hash(pages, hashes));
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(expected(i * 7 % 50), hashes[i]) << i;
}

TEST_F(GpuHasherTest, MorePagesThanOneLaunchTakes) {
  const CUdeviceptr memory = random_pages(3);
  GpuHasher hasher(api);
  ASSERT_EQ(CUDA_SUCCESS, hasher.load());
  std::vector<CUdeviceptr> pages(65536 + 10);
  for (std::size_t i = 0; i < pages.size(); ++i) pages[i] = memory + i % 3 * kPageBytes;
  std::vector<Hash> hashes(pages.size());
  ASSERT_EQ(CUDA_SUCCESS, hasher.hash(pages, hashes));
  for (std::size_t i = 0; i < pages.size(); ++i) ASSERT_EQ(expected(i % 3), hashes[i]) << i;
}

TEST_F(GpuHasherTest, RefusesWhatItCantHash) {
  const CUdeviceptr memory = random_pages(2);
  const CUdeviceptr pages[] = {memory, memory + 4};
  Hash hashes[2];
  GpuHasher hasher(api);
  EXPECT_EQ(CUDA_ERROR_NOT_INITIALIZED, hasher.hash(pages, hashes));
  ASSERT_EQ(CUDA_SUCCESS, hasher.load());
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, hasher.hash(pages, hashes));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, hasher.hash({pages, 1}, hashes));
  EXPECT_EQ(CUDA_SUCCESS, hasher.hash({}, {}));
  const CUdeviceptr odd[] = {memory + 8};
  EXPECT_EQ(CUDA_SUCCESS, hasher.hash(odd, {hashes, 1}));
}

TEST_F(GpuHasherTest, NeedsAContext) {
  ASSERT_EQ(CUDA_SUCCESS, api.cuCtxSetCurrent(nullptr));
  GpuHasher hasher(api);
  EXPECT_EQ(CUDA_ERROR_INVALID_CONTEXT, hasher.load());
}

TEST_F(GpuHasherTest, LeavesACaptureOfAnotherThreadAlone) {
  const CUdeviceptr memory = random_pages(1);
  CUstream stream = nullptr;
  ASSERT_EQ(CUDA_SUCCESS, api.cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  ASSERT_EQ(CUDA_SUCCESS, api.cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  std::thread([&] {
    ASSERT_EQ(CUDA_SUCCESS, api.cuCtxSetCurrent(context));
    GpuHasher hasher(api);
    Hash hash;
    ASSERT_EQ(CUDA_SUCCESS, hasher.load());
    ASSERT_EQ(CUDA_SUCCESS, hasher.hash({&memory, 1}, {&hash, 1}));
    CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_RELAXED;
    ASSERT_EQ(CUDA_SUCCESS, api.cuThreadExchangeStreamCaptureMode(&mode));
    EXPECT_EQ(CU_STREAM_CAPTURE_MODE_GLOBAL, mode);
  }).join();
  CUgraph graph = nullptr;
  EXPECT_EQ(CUDA_SUCCESS, api.cuStreamEndCapture(stream, &graph));
  EXPECT_EQ(CUDA_SUCCESS, api.cuGraphDestroy(graph));
}

TEST_F(GpuHasherTest, FreesWhatItMadeInItsContext) {
  auto hasher = std::make_optional<GpuHasher>(api);
  ASSERT_EQ(CUDA_SUCCESS, hasher->load());
  ASSERT_EQ(CUDA_SUCCESS, api.cuCtxSetCurrent(nullptr));
  hasher.reset();
  CUcontext current = context;
  ASSERT_EQ(CUDA_SUCCESS, api.cuCtxGetCurrent(&current));
  EXPECT_EQ(nullptr, current);
}

CUresult broken_load(CUmodule*, const void*) { return CUDA_ERROR_UNSUPPORTED_PTX_VERSION; }
CUresult no_launch(CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                   CUstream, void**, void**) {
  return CUDA_SUCCESS;
}
CUresult gone(CUcontext) { return CUDA_ERROR_DEINITIALIZED; }

TEST_F(GpuHasherTest, FailuresOfTheDriverAreReported) {
  driver::DriverApi broken = api;
  broken.cuModuleLoadData = &broken_load;
  GpuHasher hasher(broken);
  EXPECT_EQ(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, hasher.load());
  Hash hash;
  const CUdeviceptr page = 0x10000;
  EXPECT_EQ(CUDA_ERROR_NOT_INITIALIZED, hasher.hash({&page, 1}, {&hash, 1}));
}

TEST_F(GpuHasherTest, AKernelThatComputesNothingIsFoundOut) {
  driver::DriverApi broken = api;
  broken.cuLaunchKernel = &no_launch;
  GpuHasher hasher(broken);
  EXPECT_EQ(CUDA_ERROR_INVALID_IMAGE, hasher.load());
}

TEST_F(GpuHasherTest, DriverMayBeGoneFirst) {
  driver::DriverApi leaving = api;
  GpuHasher hasher(leaving);
  ASSERT_EQ(CUDA_SUCCESS, hasher.load());
  leaving.cuCtxPushCurrent_v2 = &gone;
}

}  // namespace
}  // namespace fib::pages
