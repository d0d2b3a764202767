// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <thread>

#include "sim_recorder_test.h"

namespace fib::recorder::test {
namespace {

using driver::Api;
using trace::RegionKind;

class LiveMemoryTest : public SimRecorderTest {};

std::uint16_t kind(RegionKind of) { return number_of(of); }

TEST_F(LiveMemoryTest, KnowsDeviceMemoryFromItsAllocationToItsEnd) {
  const std::uint64_t before = live().generation();
  const CUdeviceptr address = allocate(1000);
  const auto region = find(address);
  ASSERT_TRUE(region);
  EXPECT_EQ(region->kind, kind(RegionKind::Device));
  EXPECT_EQ(region->address, address);
  EXPECT_EQ(region->bytes, 1000u);
  EXPECT_EQ(region->context, number(context_));
  EXPECT_EQ(region->device, 0);
  EXPECT_GT(live().generation(), before);
  const std::uint64_t between = live().generation();
  EXPECT_EQ(release(address), CUDA_SUCCESS);
  EXPECT_FALSE(find(address));
  EXPECT_GT(live().generation(), between);
}

TEST_F(LiveMemoryTest, FindsEveryByteOfARegionAndNoneBeyond) {
  const CUdeviceptr address = allocate(1000);
  EXPECT_TRUE(find(address + 999));
  EXPECT_FALSE(find(address + 1000));
  EXPECT_FALSE(find(address - 1));
  EXPECT_FALSE(find(0));
  EXPECT_FALSE(find(UINT64_MAX));
}

TEST_F(LiveMemoryTest, CountsUpAndNeverGivesANumberAgain) {
  const CUdeviceptr first = allocate(4096);
  const std::uint32_t number_of_first = find(first)->region;
  EXPECT_EQ(release(first), CUDA_SUCCESS);
  const CUdeviceptr second = allocate(4096);
  EXPECT_GT(find(second)->region, number_of_first);
}

TEST_F(LiveMemoryTest, ListsRegionsByAddress) {
  for (int i = 0; i < 5; ++i) allocate(100);
  const auto regions = live().regions();
  EXPECT_EQ(regions.size(), 5u);
  EXPECT_TRUE(std::ranges::is_sorted(regions, {}, [](auto& r) { return r.fixed.address; }));
}

TEST_F(LiveMemoryTest, PutsBackWhatAFailedFreeTook) {
  const CUdeviceptr address = allocate(100);
  const std::uint32_t region = find(address)->region;
  const auto refuse = [](CUdeviceptr) -> CUresult { return CUDA_ERROR_INVALID_VALUE; };
  CUresult (*const free)(CUdeviceptr) = refuse;
  EXPECT_EQ(call_as<Api::cuMemFree_v2>(free, address), CUDA_ERROR_INVALID_VALUE);
  ASSERT_TRUE(find(address));
  EXPECT_EQ(find(address)->region, region);
}

TEST_F(LiveMemoryTest, HasTakenTheRegionAwayBeforeTheDriverFreesIt) {
  const CUdeviceptr address = allocate(100);
  recorder().before_call<Api::cuMemFree_v2>(address);
  EXPECT_FALSE(find(address));
  // Meanwhile another thread gets the same address.
  std::thread([&] {
    CUdeviceptr same = address;
    recorder().after_call<Api::cuMemAlloc_v2>(CUDA_SUCCESS, &same, std::size_t{50});
  }).join();
  recorder().after_call<Api::cuMemFree_v2>(CUDA_SUCCESS, address);
  ASSERT_TRUE(find(address));
  EXPECT_EQ(find(address)->bytes, 50u);
}

TEST_F(LiveMemoryTest, FreesByExactBaseOnly) {
  const CUdeviceptr address = allocate(100);
  EXPECT_NE(release(address + 1), CUDA_SUCCESS);
  EXPECT_TRUE(find(address));
  EXPECT_EQ(release(0), CUDA_SUCCESS);
  EXPECT_TRUE(find(address));
}

TEST_F(LiveMemoryTest, ForgetsWhatANewRegionOverlaps) {
  const CUdeviceptr old = allocate(100);
  CUdeviceptr inside = old + 50;
  recorder().after_call<Api::cuMemAlloc_v2>(CUDA_SUCCESS, &inside, std::size_t{100});
  EXPECT_FALSE(find(old));
  EXPECT_TRUE(find(inside));
  CUdeviceptr around = old - 10;
  recorder().after_call<Api::cuMemAlloc_v2>(CUDA_SUCCESS, &around, std::size_t{1000});
  EXPECT_EQ(find(inside)->address, around);
  EXPECT_EQ(live().regions().size(), 1u);
}

TEST_F(LiveMemoryTest, MeasuresPitchedMemory) {
  CUdeviceptr address = 0;
  std::size_t pitch = 0;
  ASSERT_EQ(call<Api::cuMemAllocPitch_v2>(&address, &pitch, 100, 7, 4), CUDA_SUCCESS);
  EXPECT_EQ(find(address)->bytes, pitch * 7);
}

TEST_F(LiveMemoryTest, KnowsManagedMemory) {
  CUdeviceptr address = 0;
  ASSERT_EQ(call<Api::cuMemAllocManaged>(&address, 100, CU_MEM_ATTACH_GLOBAL), CUDA_SUCCESS);
  EXPECT_EQ(find(address)->kind, kind(RegionKind::Managed));
  EXPECT_EQ(find(address)->flags, unsigned{CU_MEM_ATTACH_GLOBAL});
  EXPECT_EQ(release(address), CUDA_SUCCESS);
  EXPECT_FALSE(find(address));
}

TEST_F(LiveMemoryTest, KnowsPinnedMemory) {
  void* host = nullptr;
  ASSERT_EQ(call<Api::cuMemHostAlloc>(&host, 100, CU_MEMHOSTALLOC_PORTABLE), CUDA_SUCCESS);
  const auto region = find(number(host));
  ASSERT_TRUE(region);
  EXPECT_EQ(region->kind, kind(RegionKind::Pinned));
  EXPECT_EQ(region->host_address, number(host));
  EXPECT_EQ(region->flags, unsigned{CU_MEMHOSTALLOC_PORTABLE});
  EXPECT_EQ(region->device, -1);
  EXPECT_EQ(call<Api::cuMemFreeHost>(host), CUDA_SUCCESS);
  EXPECT_FALSE(find(number(host)));
}

alignas(4096) char g_page[8192];

TEST_F(LiveMemoryTest, KnowsRegisteredMemory) {
  ASSERT_EQ(call<Api::cuMemHostRegister_v2>(g_page, 5000, 0), CUDA_SUCCESS);
  const auto region = find(number(g_page + 4999));
  ASSERT_TRUE(region);
  EXPECT_EQ(region->kind, kind(RegionKind::Registered));
  EXPECT_EQ(region->bytes, 5000u);
  EXPECT_EQ(call<Api::cuMemHostUnregister>(g_page), CUDA_SUCCESS);
  EXPECT_TRUE(live().regions().empty());
}

TEST_F(LiveMemoryTest, FindsRegisteredMemoryByBothOfItsAddresses) {
  api_.cuMemHostGetDevicePointer_v2 = [](CUdeviceptr* out, void*, unsigned) -> CUresult {
    return *out = 0x123450000, CUDA_SUCCESS;
  };
  ASSERT_EQ(call<Api::cuMemHostRegister_v2>(g_page, 4096, 0), CUDA_SUCCESS);
  EXPECT_EQ(find(0x123450fff)->host_address, number(g_page));
  EXPECT_EQ(find(number(g_page) + 1)->address, 0x123450000u);
  EXPECT_EQ(call<Api::cuMemHostUnregister>(g_page), CUDA_SUCCESS);
  EXPECT_FALSE(find(number(g_page)));
  EXPECT_FALSE(find(0x123450000));
}

TEST_F(LiveMemoryTest, CallsRegisteredDeviceRegistersForeign) {
  void* const registers = reinterpret_cast<void*>(0x7000000);
  recorder().after_call<Api::cuMemHostRegister_v2>(CUDA_SUCCESS, registers, std::size_t{4096},
                                                   unsigned{CU_MEMHOSTREGISTER_IOMEMORY});
  EXPECT_EQ(find(0x7000000)->kind, kind(RegionKind::Foreign));
}

TEST_F(LiveMemoryTest, KnowsThePoolOfPoolMemory) {
  CUmemoryPool pool = nullptr;
  ASSERT_EQ(cuDeviceGetDefaultMemPool(&pool, 0), CUDA_SUCCESS);
  CUdeviceptr address = 0;
  ASSERT_EQ(call<Api::cuMemAllocAsync>(&address, 1000, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(find(address)->kind, kind(RegionKind::Pool));
  EXPECT_EQ(find(address)->handle, number(pool));
  EXPECT_EQ(find(address)->device, 0);
  EXPECT_EQ(find(address)->bytes, 1000u);
  EXPECT_EQ(call<Api::cuMemFreeAsync>(address, nullptr), CUDA_SUCCESS);
  EXPECT_FALSE(find(address));
}

TEST_F(LiveMemoryTest, TakesEitherFreeForEitherMemory) {
  const CUdeviceptr plain = allocate(100);
  EXPECT_EQ(call<Api::cuMemFreeAsync>(plain, nullptr), CUDA_SUCCESS);
  EXPECT_FALSE(find(plain));
  CUdeviceptr pooled = 0;
  ASSERT_EQ(call<Api::cuMemAllocAsync_ptsz>(&pooled, 100, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(release(pooled), CUDA_SUCCESS);
  EXPECT_FALSE(find(pooled));
}

TEST_F(LiveMemoryTest, LeavesNodesOfGraphsAlone) {
  CUstream stream = nullptr;
  ASSERT_EQ(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
  const CUdeviceptr address = allocate(100);
  ASSERT_EQ(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_RELAXED), CUDA_SUCCESS);
  recorder().captures.begun(stream);
  CUdeviceptr node = 0x5000000;
  recorder().after_call<Api::cuMemAllocAsync>(CUDA_SUCCESS, &node, std::size_t{64}, stream);
  recorder().before_call<Api::cuMemFreeAsync>(address, stream);
  recorder().after_call<Api::cuMemFreeAsync>(CUDA_SUCCESS, address, stream);
  EXPECT_FALSE(find(node));
  EXPECT_TRUE(find(address));
  CUgraph graph = nullptr;
  EXPECT_EQ(cuStreamEndCapture(stream, &graph), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamDestroy_v2(stream), CUDA_SUCCESS);
  session().start();
  EXPECT_EQ(finish_and_read().deviations.at(0).code, trace::Deviation::MemoryUnknown);
}

TEST_F(LiveMemoryTest, ForgetsAtAWindowsBeginWhatWasFreedOutOfSight) {
  const CUdeviceptr kept = allocate(100), lost = allocate(200);
  void* host = nullptr;
  ASSERT_EQ(call<Api::cuMemHostAlloc>(&host, 100, 0), CUDA_SUCCESS);
  live().drop_dead();
  EXPECT_EQ(live().regions().size(), 3u);
  ASSERT_EQ(cuMemFree_v2(lost), CUDA_SUCCESS);
  live().drop_dead();
  EXPECT_FALSE(find(lost));
  EXPECT_TRUE(find(kept));
  EXPECT_TRUE(find(number(host)));
  session().start();
  EXPECT_EQ(finish_and_read().deviations.size(), 1u);
}

TEST_F(LiveMemoryTest, ForgetsNoMoreInAThreadWithoutAContext) {
  const CUdeviceptr kept = allocate(100), lost = allocate(200);
  ASSERT_EQ(cuMemFree_v2(lost), CUDA_SUCCESS);
  CUcontext context = nullptr, after = nullptr;
  ASSERT_EQ(cuCtxGetCurrent(&context), CUDA_SUCCESS);
  ASSERT_EQ(cuCtxSetCurrent(nullptr), CUDA_SUCCESS);
  live().drop_dead();
  EXPECT_EQ(cuCtxGetCurrent(&after), CUDA_SUCCESS);
  EXPECT_EQ(after, nullptr);
  ASSERT_EQ(cuCtxSetCurrent(context), CUDA_SUCCESS);
  EXPECT_TRUE(find(kept));
  EXPECT_FALSE(find(lost));
}

TEST_F(LiveMemoryTest, SaysThatArraysAreNotRecorded) {
  CUarray array = nullptr;
  CUDA_ARRAY_DESCRIPTOR description{};
  const CUDA_ARRAY_DESCRIPTOR* const at = &description;
  recorder().after_call<Api::cuArrayCreate_v2>(CUDA_SUCCESS, &array, at);
  session().start();
  EXPECT_EQ(finish_and_read().deviations.at(0).code, trace::Deviation::ArrayMemory);
}

TEST_F(LiveMemoryTest, StaysRightWhenThreadsAllocateAtOnce) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      ASSERT_EQ(cuCtxSetCurrent(context_), CUDA_SUCCESS);
      for (int i = 0; i < 300; ++i) {
        const CUdeviceptr address = allocate(512);
        EXPECT_EQ(find(address)->address, address);
        EXPECT_EQ(release(address), CUDA_SUCCESS);
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(live().regions().empty());
}

}  // namespace
}  // namespace fib::recorder::test
