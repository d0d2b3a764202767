// SPDX-License-Identifier: Apache-2.0
#include "recorder/host_sources.h"

#include <gtest/gtest.h>

namespace fib::recorder {
namespace {

using driver::Api;

template <class... Words>
std::vector<HostSource> sources(Api api, Words... words) {
  const std::uint64_t list[] = {static_cast<std::uint64_t>(words)...};
  std::vector<HostSource> found;
  append_sources({api, list}, found);
  return found;
}

template <class... Words>
std::vector<std::uint64_t> targets(Api api, Words... words) {
  const std::uint64_t list[] = {static_cast<std::uint64_t>(words)...};
  std::vector<std::uint64_t> found;
  append_targets({api, list}, found);
  return found;
}

std::uint64_t number(const void* address) { return reinterpret_cast<std::uintptr_t>(address); }
const void* host(std::uint64_t address) { return reinterpret_cast<const void*>(address); }

void expect_one(const std::vector<HostSource>& found, std::uint64_t address, std::uint64_t bytes,
                bool surely_host) {
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].address, address);
  EXPECT_EQ(found[0].bytes, bytes);
  EXPECT_EQ(found[0].surely_host, surely_host);
}

TEST(HostSources, Linear) {
  expect_one(sources(Api::cuMemcpyHtoD_v2, 0x1000, 0x2000, 64), 0x2000, 64, true);
  expect_one(sources(Api::cuMemcpyHtoDAsync_v2_ptsz, 0x1000, 0x2000, 64, 7), 0x2000, 64, true);
  expect_one(sources(Api::cuMemcpyHtoA_v2, 0x1000, 16, 0x2000, 64), 0x2000, 64, true);
  expect_one(sources(Api::cuMemcpy, 0x1000, 0x2000, 64), 0x2000, 64, false);
  expect_one(sources(Api::cuMemcpyAsync_ptsz, 0x1000, 0x2000, 64, 7), 0x2000, 64, false);
  EXPECT_TRUE(sources(Api::cuMemcpyHtoD_v2, 0x1000, 0x2000, 0).empty());
  EXPECT_TRUE(sources(Api::cuMemcpyHtoD_v2, 0x1000, 0, 64).empty());
}

TEST(HostSources, NoneForCopiesFromTheGpu) {
  EXPECT_TRUE(sources(Api::cuMemcpyDtoH_v2, 0x1000, 0x2000, 64).empty());
  EXPECT_TRUE(sources(Api::cuMemcpyDtoDAsync_v2, 0x1000, 0x2000, 64, 0).empty());
  EXPECT_TRUE(sources(Api::cuMemcpyAtoH_v2, 0x1000, 0x2000, 0, 64).empty());
  EXPECT_TRUE(sources(Api::cuMemsetD8_v2, 0x1000, 1, 64).empty());
}

TEST(HostSources, Planes) {
  CUDA_MEMCPY2D copy{};
  copy.srcMemoryType = CU_MEMORYTYPE_HOST;
  copy.srcHost = host(0x10000);
  copy.srcPitch = 256;
  copy.srcXInBytes = 16;
  copy.srcY = 2;
  copy.WidthInBytes = 100;
  copy.Height = 4;
  copy.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  // Row 2, column 16, to the end of row 5's part.
  expect_one(sources(Api::cuMemcpy2D_v2, number(&copy)), 0x10000 + 2 * 256 + 16, 3 * 256 + 100,
             true);
  expect_one(sources(Api::cuMemcpy2DAsync_v2, number(&copy), 0), 0x10000 + 2 * 256 + 16,
             3 * 256 + 100, true);
  copy.srcMemoryType = CU_MEMORYTYPE_UNIFIED;
  copy.srcDevice = 0x20000;
  expect_one(sources(Api::cuMemcpy2DUnaligned_v2, number(&copy)), 0x20000 + 2 * 256 + 16,
             3 * 256 + 100, false);
  copy.srcMemoryType = CU_MEMORYTYPE_DEVICE;
  EXPECT_TRUE(sources(Api::cuMemcpy2D_v2, number(&copy)).empty());
  EXPECT_TRUE(sources(Api::cuMemcpy2D_v2, 0).empty());
}

TEST(HostSources, Volumes) {
  CUDA_MEMCPY3D copy{};
  copy.srcMemoryType = CU_MEMORYTYPE_HOST;
  copy.srcHost = host(0x10000);
  copy.srcPitch = 64;
  copy.srcHeight = 8;
  copy.srcZ = 1;
  copy.WidthInBytes = 32;
  copy.Height = 2;
  copy.Depth = 3;
  expect_one(sources(Api::cuMemcpy3D_v2, number(&copy)), 0x10000 + 64 * 8, 2 * 64 * 8 + 64 + 32,
             true);
  CUDA_MEMCPY3D_PEER peer{};
  peer.srcMemoryType = CU_MEMORYTYPE_HOST;
  peer.srcHost = host(0x10000);
  peer.WidthInBytes = 32;
  peer.Height = 1;
  peer.Depth = 1;
  expect_one(sources(Api::cuMemcpy3DPeer, number(&peer)), 0x10000, 32, true);
}

TEST(HostSources, Batches) {
  const CUdeviceptr to[] = {0x1000, 0x2000}, from[] = {0x3000, 0x4000};
  const std::size_t bytes[] = {10, 20};
  const auto found =
      sources(Api::cuMemcpyBatchAsync_v2, number(to), number(from), number(bytes), 2, 0, 0, 0, 0);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1].address, 0x4000u);
  EXPECT_EQ(found[1].bytes, 20u);
  EXPECT_EQ(
      targets(Api::cuMemcpyBatchAsync_v2, number(to), number(from), number(bytes), 2, 0, 0, 0, 0),
      (std::vector<std::uint64_t>{0x1000, 0x2000}));

  CUDA_MEMCPY3D_BATCH_OP operation{};
  operation.src.type = CU_MEMCPY_OPERAND_TYPE_POINTER;
  operation.src.op.ptr.ptr = 0x5000;
  operation.src.op.ptr.rowLength = 128;
  operation.dst.type = CU_MEMCPY_OPERAND_TYPE_ARRAY;
  operation.extent = {100, 2, 1};
  expect_one(sources(Api::cuMemcpy3DBatchAsync_v2, 1, number(&operation), 0, 0), 0x5000, 228,
             false);
}

TEST(HostTargets, WhatACallMayWrite) {
  EXPECT_EQ(targets(Api::cuMemcpyDtoH_v2, 0x1000, 0x2000, 64),
            (std::vector<std::uint64_t>{0x1000}));
  EXPECT_EQ(targets(Api::cuMemcpyAsync, 0x1000, 0x2000, 64, 0),
            (std::vector<std::uint64_t>{0x1000}));
  EXPECT_TRUE(targets(Api::cuMemcpyHtoD_v2, 0x1000, 0x2000, 64).empty());
  // Not a copy: any argument may be an address.
  EXPECT_EQ(targets(Api::cuMemsetD8_v2, 0x1000, 1, 64),
            (std::vector<std::uint64_t>{0x1000, 1, 64}));
}

}  // namespace
}  // namespace fib::recorder
