// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/cli/synthetic_log.h"

namespace fib::cli {
namespace {

using testing::SyntheticLog;

constexpr auto kDevice = static_cast<std::size_t>(MemoryKind::Device);
constexpr auto kVirtual = static_cast<std::size_t>(MemoryKind::Virtual);
constexpr auto kPinned = static_cast<std::size_t>(MemoryKind::PinnedHost);
constexpr auto kRegistered = static_cast<std::size_t>(MemoryKind::RegisteredHost);
constexpr auto kStreamOrdered = static_cast<std::size_t>(MemoryKind::StreamOrdered);

void alloc(SyntheticLog& log, std::uint32_t thread, std::uint64_t time, std::uint64_t address,
           std::uint64_t bytes, std::uint32_t duration = 0) {
  log.call(thread, time, "cuMemAlloc_v2", "=dptr bytesize", {address, bytes}, 0, duration);
}
void free(SyntheticLog& log, std::uint32_t thread, std::uint64_t time, std::uint64_t address,
          std::uint32_t duration = 0) {
  log.call(thread, time, "cuMemFree_v2", "dptr", {address}, 0, duration);
}

TEST(MemoryCensus, FollowsLiveAndPeakBytes) {
  SyntheticLog log;
  alloc(log, 0, 10, 0x1000, 100);
  alloc(log, 0, 20, 0x2000, 50);
  free(log, 0, 30, 0x1000);
  alloc(log, 0, 40, 0x1000, 10);
  const MemoryFacts memory = log.census().memory;
  EXPECT_EQ(memory.live[kDevice], 60u);
  EXPECT_EQ(memory.peak[kDevice], 150u);
  EXPECT_EQ(memory.allocations[kDevice], 3u);
  EXPECT_EQ(memory.unmatched_frees, 0u);
  ASSERT_EQ(memory.timeline.size(), 4u);
  EXPECT_EQ(memory.timeline[2].live_bytes, 50u);
}

// Thread 1 frees; the driver hands the address to thread 0 before the free has returned.
TEST(MemoryCensus, AllocationsCountAtTheirEndAndFreesAtTheirBegin) {
  SyntheticLog log;
  alloc(log, 1, 10, 0x1000, 100);
  alloc(log, 0, 90, 0x1000, 30, 20);  // 90 to 110
  free(log, 1, 100, 0x1000, 50);      // 100 to 150
  const MemoryFacts memory = log.census().memory;
  EXPECT_EQ(memory.live[kDevice], 30u);
  EXPECT_EQ(memory.unmatched_frees, 0u);
}

TEST(MemoryCensus, KeepsKindsApart) {
  SyntheticLog log;
  log.call(0, 1, "cuMemAllocAsync_ptsz", "=dptr bytesize hStream", {0x1000, 10, 0});
  log.call(0, 2, "cuMemHostAlloc", "=pp bytesize Flags", {0x2000, 20, 0});
  log.call(0, 3, "cuMemHostRegister_v2", "p bytesize Flags", {0x3000, 40, 0});
  log.call(0, 4, "cuMemAllocPitch_v2", "=dptr =pPitch WidthInBytes Height ElementSizeBytes",
           {0x4000, 512, 500, 3, 4});
  log.call(0, 5, "cuMemHostUnregister", "p", {0x3000});
  const MemoryFacts memory = log.census().memory;
  EXPECT_EQ(memory.live[kStreamOrdered], 10u);
  EXPECT_EQ(memory.live[kPinned], 20u);
  EXPECT_EQ(memory.live[kRegistered], 0u);
  EXPECT_EQ(memory.peak[kRegistered], 40u);
  EXPECT_EQ(memory.live[kDevice], 1536u);
  EXPECT_EQ(memory.device_live, 1546u) << "host memory is not the device's";
}

TEST(MemoryCensus, VirtualMemoryLivesUntilReleasedAndUnmapped) {
  SyntheticLog log;
  log.call(0, 1, "cuMemCreate", "=handle size *prop flags", {0xaa, 4096, 0, 0});
  log.call(0, 2, "cuMemMap", "ptr size offset handle flags", {0x10000, 4096, 0, 0xaa, 0});
  log.call(0, 3, "cuMemRelease", "handle", {0xaa});
  log.call(0, 4, "cuMemCreate", "=handle size *prop flags", {0xaa, 100, 0, 0});
  EXPECT_EQ(log.census().memory.live[kVirtual], 4196u) << "the mapping keeps the first one alive";
  log.call(0, 5, "cuMemUnmap", "ptr size", {0x10000, 4096});
  EXPECT_EQ(log.census().memory.live[kVirtual], 100u);
  log.call(0, 6, "cuMemRelease", "handle", {0xaa});
  const MemoryFacts memory = log.census().memory;
  EXPECT_EQ(memory.live[kVirtual], 0u);
  EXPECT_EQ(memory.peak[kVirtual], 4196u);
}

TEST(MemoryCensus, AnAddressGivenOutAgainWasFreedOutOfSight) {
  SyntheticLog log;
  alloc(log, 0, 10, 0x1000, 100);
  alloc(log, 0, 20, 0x1000, 10);
  EXPECT_EQ(log.census().memory.live[kDevice], 10u);
}

TEST(MemoryCensus, CountsFreesThatMatchNothing) {
  SyntheticLog log;
  free(log, 0, 10, 0x1000);
  free(log, 0, 11, 0);
  log.call(0, 12, "cuMemUnmap", "ptr size", {0, ~0ull});
  log.call(0, 13, "cuMemRelease", "handle", {5});
  EXPECT_EQ(log.census().memory.unmatched_frees, 1u) << "freeing null is legal";
}

}  // namespace
}  // namespace fib::cli
