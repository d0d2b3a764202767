// SPDX-License-Identifier: Apache-2.0
#include "replayer/memory_layout.h"

#include <gtest/gtest.h>

#include "replayer/error.h"

namespace fib::replayer {
namespace {

using trace::RegionKind;

constexpr std::uint64_t kBase = 0x7f0000000000, kMiB = 1 << 20;

class MemoryLayoutTest : public ::testing::Test {
 protected:
  RegionPlan& add(RegionKind kind, std::uint64_t address, std::uint64_t bytes) {
    RegionPlan region;
    region.fixed.kind = static_cast<std::uint16_t>(kind);
    region.fixed.address = region.fixed.host_address = address;
    region.fixed.bytes = bytes;
    plan.regions.push_back(region);
    return plan.regions.back();
  }
  MemoryLayout lay(bool same = true) {
    return lay_out(plan, [same](std::size_t, std::size_t) { return same; });
  }
  Plan plan;
};

TEST_F(MemoryLayoutTest, MapsGranulesAndReservesCells) {
  add(RegionKind::Device, kBase + 3 * kMiB, 100);
  add(RegionKind::Device, kBase + 3 * kMiB + 512, 2 * kMiB);
  const MemoryLayout layout = lay();
  EXPECT_EQ(layout.device, (std::vector<Range>{{kBase + 2 * kMiB, kBase + 6 * kMiB}}));
  EXPECT_EQ(layout.reservations, (std::vector<Range>{{kBase, kBase + 32 * kMiB}}));
  ASSERT_EQ(layout.physical.size(), 1u);
  EXPECT_EQ(layout.device_bytes(0), 4 * kMiB);
}

TEST_F(MemoryLayoutTest, LeavesHostMemoryItsAddresses) {
  add(RegionKind::Device, kBase + 2 * kMiB, kMiB);
  add(RegionKind::Pinned, kBase + 9 * kMiB + 100, 10);
  add(RegionKind::Registered, kBase + 9 * kMiB + 5000, 10);
  const MemoryLayout layout = lay();
  EXPECT_EQ(layout.host, (std::vector<Range>{{kBase + 9 * kMiB, kBase + 9 * kMiB + 8192}}));
  EXPECT_EQ(layout.reservations, (std::vector<Range>{{kBase, kBase + 32 * kMiB}}));
}

TEST_F(MemoryLayoutTest, RefusesHostAndDeviceMemoryInOneGranule) {
  add(RegionKind::Device, kBase, kMiB);
  add(RegionKind::Pinned, kBase + kMiB, 10);
  EXPECT_THROW(lay(), Refusal);
}

TEST_F(MemoryLayoutTest, LetsViewsOfOneAllocationShareIt) {
  add(RegionKind::Mapped, kBase, 2 * kMiB).fixed.handle = 7;
  add(RegionKind::Mapped, kBase + 64 * kMiB, 2 * kMiB).fixed.handle = 7;
  const MemoryLayout shared = lay();
  EXPECT_EQ(shared.device_bytes(0), 2 * kMiB);
  ASSERT_EQ(shared.mapped.size(), 2u);
  EXPECT_EQ(shared.mapped[0].physical, shared.mapped[1].physical);
  // The number may have been used again for another allocation.
  EXPECT_EQ(lay(false).device_bytes(0), 4 * kMiB);
}

TEST_F(MemoryLayoutTest, KeepsDevicesApart) {
  add(RegionKind::Device, kBase, 2 * kMiB);
  add(RegionKind::Device, kBase + 2 * kMiB, 4 * kMiB).fixed.device = 1;
  const MemoryLayout layout = lay();
  EXPECT_EQ(layout.device_bytes(0), 2 * kMiB);
  EXPECT_EQ(layout.device_bytes(1), 4 * kMiB);
  EXPECT_EQ(layout.reservations.size(), 1u);
}

TEST_F(MemoryLayoutTest, CutsLargeMemoryIntoPieces) {
  add(RegionKind::Device, kBase, 5 * kMaxPiece);
  EXPECT_EQ(lay().physical.size(), 5u);
}

TEST(Ranges, JoinWhereTheyTouch) {
  EXPECT_EQ(joined({{8, 9}, {1, 3}, {3, 5}, {2, 4}}), (std::vector<Range>{{1, 5}, {8, 9}}));
  EXPECT_TRUE(overlaps({{1, 5}, {8, 9}}, {4, 8}));
  EXPECT_FALSE(overlaps({{1, 5}, {8, 9}}, {5, 8}));
}

}  // namespace
}  // namespace fib::replayer
