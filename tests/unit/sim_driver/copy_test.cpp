// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <numeric>

#include "tests/unit/sim_driver/sim_test.h"

namespace fib::sim::test {
namespace {

class CopyTest : public SimTest {};

TEST_F(CopyTest, ChecksDeviceRanges) {
  const CUdeviceptr a = device_memory(100), b = device_memory(100);
  char host[200] = {};
  EXPECT_OK(cuMemcpyHtoD_v2(a, host, 100));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD_v2(a, host, 101));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoH_v2(host, a + 1, 100));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoD_v2(a, b + 1, 100));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoD_v2(reinterpret_cast<CUdeviceptr>(host), a, 10));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemsetD8_v2(a, 0, 101));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemsetD32_v2(a + 2, 0, 1)) << "unaligned";
  ASSERT_OK(cuMemFree_v2(b));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoD_v2(a, b, 8));
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemcpy(a, b, 8));
}

TEST_F(CopyTest, GenericCopyTellsSidesByAddress) {
  const CUdeviceptr a = device_memory(16), b = device_memory(16);
  int in[4] = {1, 2, 3, 4}, out[4] = {};
  ASSERT_OK(cuMemcpy(a, reinterpret_cast<CUdeviceptr>(in), sizeof in));
  ASSERT_OK(cuMemcpyAsync(b, a, sizeof in, nullptr));
  ASSERT_OK(cuMemcpy(reinterpret_cast<CUdeviceptr>(out), b, sizeof out));
  EXPECT_EQ(0, std::memcmp(in, out, sizeof in));
  ASSERT_OK(cuMemcpyPeer(a, context, b, context, 16));
}

TEST_F(CopyTest, PageableSourceMayBeReusedAtOnce) {
  const CUstream stream = non_blocking_stream();
  const CUdeviceptr a = device_memory(4);
  int value = 1;
  ASSERT_OK(launch(function(kSpin), stream, 1, 20000));
  ASSERT_OK(cuMemcpyHtoDAsync_v2(a, &value, sizeof value, stream));
  value = 2;
  int seen = 0;
  ASSERT_OK(cuMemcpyDtoHAsync_v2(&seen, a, sizeof seen, stream));
  EXPECT_EQ(1, seen) << "a pageable destination is complete on return";
}

TEST_F(CopyTest, PinnedCopiesAreAsynchronous) {
  const CUstream stream = non_blocking_stream();
  void* pinned = nullptr;
  ASSERT_OK(cuMemAllocHost_v2(&pinned, 4));
  *static_cast<int*>(pinned) = 1;
  const CUdeviceptr a = device_memory(4);
  Gate gate(stream);
  ASSERT_OK(cuMemcpyHtoDAsync_v2(a, pinned, 4, stream));
  EXPECT_EQ(CUDA_ERROR_NOT_READY, cuStreamQuery(stream));
  gate.open();
  ASSERT_OK(cuStreamSynchronize(stream));
}

TEST_F(CopyTest, CopiesPlanes) {
  std::vector<int> in(64);
  std::iota(in.begin(), in.end(), 0);
  const CUdeviceptr plane = device_memory(8 * 512);
  CUDA_MEMCPY2D copy{};
  copy.srcMemoryType = CU_MEMORYTYPE_HOST;
  copy.srcHost = in.data();
  copy.srcPitch = 32;
  copy.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  copy.dstDevice = plane;
  copy.dstPitch = 512;
  copy.WidthInBytes = 32;
  copy.Height = 8;
  ASSERT_OK(cuMemcpy2D_v2(&copy));
  int seen = 0;
  ASSERT_OK(cuMemcpyDtoH_v2(&seen, plane + 3 * 512 + 4, sizeof seen));
  EXPECT_EQ(25, seen);
  copy.Height = 9;
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuMemcpy2DUnaligned_v2(&copy));
}

TEST_F(CopyTest, CopiesVolumes) {
  std::vector<unsigned char> in(4 * 4 * 4), out(2 * 2 * 2);
  std::iota(in.begin(), in.end(), static_cast<unsigned char>(0));
  const CUdeviceptr volume = device_memory(in.size());
  ASSERT_OK(cuMemcpyHtoD_v2(volume, in.data(), in.size()));
  CUDA_MEMCPY3D copy{};
  copy.srcMemoryType = CU_MEMORYTYPE_DEVICE;
  copy.srcDevice = volume;
  copy.srcPitch = copy.srcHeight = 4;
  copy.srcXInBytes = copy.srcY = copy.srcZ = 1;
  copy.dstMemoryType = CU_MEMORYTYPE_HOST;
  copy.dstHost = out.data();
  copy.dstPitch = copy.dstHeight = 2;
  copy.WidthInBytes = copy.Height = copy.Depth = 2;
  ASSERT_OK(cuMemcpy3D_v2(&copy));
  EXPECT_EQ((std::vector<unsigned char>{21, 22, 25, 26, 37, 38, 41, 42}), out);
}

TEST_F(CopyTest, SetsElementsOfEveryWidth) {
  const CUdeviceptr a = device_memory(64);
  unsigned char out[16];
  ASSERT_OK(cuMemsetD8_v2(a, 0xAB, 64));
  ASSERT_OK(cuMemsetD16_v2(a, 0x1234, 2));
  ASSERT_OK(cuMemsetD32Async(a + 4, 0x01020304, 1, nullptr));
  ASSERT_OK(cuMemsetD2D8_v2(a + 8, 4, 0x55, 2, 2));
  ASSERT_OK(cuMemcpyDtoH_v2(out, a, sizeof out));
  const unsigned char expected[16] = {0x34, 0x12, 0x34, 0x12, 4,    3,    2,    1,
                                      0x55, 0x55, 0xAB, 0xAB, 0x55, 0x55, 0xAB, 0xAB};
  EXPECT_EQ(0, std::memcmp(expected, out, sizeof out));
}

TEST_F(CopyTest, EmptyCopiesDoNothing) {
  EXPECT_OK(cuMemcpyDtoH_v2(nullptr, 0, 0));
  EXPECT_OK(cuMemsetD8_v2(0, 0, 0));
}

}  // namespace
}  // namespace fib::sim::test
