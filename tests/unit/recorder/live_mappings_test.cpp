// SPDX-License-Identifier: Apache-2.0
#include "sim_recorder_test.h"

namespace fib::recorder::test {
namespace {

using driver::Api;
using trace::RegionKind;

constexpr std::size_t kGranule = 2u << 20;

class LiveMappingsTest : public SimRecorderTest {
 protected:
  void SetUp() override {
    SimRecorderTest::SetUp();
    ASSERT_EQ(call<Api::cuMemAddressReserve>(&range_, 4 * kGranule, 0, 0, 0), CUDA_SUCCESS);
    allocation_ = create(2 * kGranule);
  }
  CUmemGenericAllocationHandle create(std::size_t bytes) {
    CUmemAllocationProp properties{};
    properties.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    properties.location = {CU_MEM_LOCATION_TYPE_DEVICE, {0}};
    CUmemGenericAllocationHandle made = 0;
    EXPECT_EQ(call<Api::cuMemCreate>(&made, bytes, &properties, 0), CUDA_SUCCESS);
    return made;
  }
  CUresult map(std::size_t at, std::size_t bytes, std::size_t offset) {
    return call<Api::cuMemMap>(range_ + at, bytes, offset, allocation_, 0);
  }
  CUresult set_access(std::size_t at, std::size_t bytes, CUmemAccess_flags flags, int device = 0) {
    const CUmemAccessDesc right{{CU_MEM_LOCATION_TYPE_DEVICE, {device}}, flags};
    return call<Api::cuMemSetAccess>(range_ + at, bytes, &right, 1);
  }
  CUresult allow(std::size_t at, std::size_t bytes) {
    return set_access(at, bytes, CU_MEM_ACCESS_FLAGS_PROT_READWRITE);
  }

  CUdeviceptr range_ = 0;
  CUmemGenericAllocationHandle allocation_ = 0;
};

TEST_F(LiveMappingsTest, ShowsAMappingWhenTheGpuMayTouchIt) {
  EXPECT_EQ(map(0, kGranule, kGranule), CUDA_SUCCESS);
  EXPECT_FALSE(find(range_));
  EXPECT_TRUE(live().regions().empty());
  const std::uint64_t before = live().generation();
  EXPECT_EQ(allow(0, kGranule), CUDA_SUCCESS);
  EXPECT_GT(live().generation(), before);
  const auto region = find(range_ + kGranule - 1);
  ASSERT_TRUE(region);
  EXPECT_EQ(region->kind, number_of(RegionKind::Mapped));
  EXPECT_EQ(region->handle, allocation_);
  EXPECT_EQ(region->offset, kGranule);
  EXPECT_EQ(region->bytes, kGranule);
  EXPECT_EQ(region->device, 0);
  EXPECT_EQ(region->context, 0u);
  EXPECT_FALSE(live().had_foreign());
}

TEST_F(LiveMappingsTest, HidesWhatLostItsAccessAndCountsItAnew) {
  EXPECT_EQ(map(0, kGranule, 0), CUDA_SUCCESS);
  EXPECT_EQ(allow(0, kGranule), CUDA_SUCCESS);
  const std::uint32_t first = find(range_)->region;
  EXPECT_EQ(set_access(0, kGranule, CU_MEM_ACCESS_FLAGS_PROT_NONE), CUDA_SUCCESS);
  EXPECT_FALSE(find(range_));
  EXPECT_EQ(set_access(0, kGranule, CU_MEM_ACCESS_FLAGS_PROT_READ), CUDA_SUCCESS);
  EXPECT_GT(find(range_)->region, first);
}

TEST_F(LiveMappingsTest, CallsMemoryForeignThatOnlyOtherGpusMayTouch) {
  EXPECT_EQ(map(0, kGranule, 0), CUDA_SUCCESS);
  const CUmemAccessDesc rights[] = {
      {{CU_MEM_LOCATION_TYPE_HOST, {0}}, CU_MEM_ACCESS_FLAGS_PROT_READWRITE},
      {{CU_MEM_LOCATION_TYPE_DEVICE, {1}}, CU_MEM_ACCESS_FLAGS_PROT_READWRITE}};
  const CUmemAccessDesc* const list = rights;
  recorder().after_call<Api::cuMemSetAccess>(CUDA_SUCCESS, range_, kGranule, list, std::size_t{1});
  EXPECT_FALSE(find(range_));
  recorder().after_call<Api::cuMemSetAccess>(CUDA_SUCCESS, range_, kGranule, list, std::size_t{2});
  ASSERT_TRUE(live().is_foreign(range_));
  const std::uint32_t foreign = find(range_)->region;
  EXPECT_EQ(allow(0, kGranule), CUDA_SUCCESS);
  EXPECT_EQ(find(range_)->kind, number_of(RegionKind::Mapped));
  EXPECT_GT(find(range_)->region, foreign);
}

TEST_F(LiveMappingsTest, SetsAccessOfSeveralMappingsAtOnce) {
  EXPECT_EQ(map(0, kGranule, 0), CUDA_SUCCESS);
  EXPECT_EQ(map(kGranule, kGranule, kGranule), CUDA_SUCCESS);
  EXPECT_EQ(allow(0, 2 * kGranule), CUDA_SUCCESS);
  EXPECT_EQ(live().regions().size(), 2u);
  EXPECT_EQ(call<Api::cuMemUnmap>(range_, 2 * kGranule), CUDA_SUCCESS);
  EXPECT_TRUE(live().regions().empty());
}

TEST_F(LiveMappingsTest, KeepsMemoryMappedWhoseHandleIsReleased) {
  EXPECT_EQ(map(0, kGranule, 0), CUDA_SUCCESS);
  EXPECT_EQ(call<Api::cuMemRelease>(allocation_), CUDA_SUCCESS);
  EXPECT_EQ(allow(0, kGranule), CUDA_SUCCESS);
  EXPECT_EQ(find(range_)->handle, allocation_);
  // And it can be had back.
  CUmemGenericAllocationHandle again = 0;
  void* const at = reinterpret_cast<void*>(range_);
  recorder().after_call<Api::cuMemRetainAllocationHandle>(CUDA_SUCCESS, &(again = allocation_), at);
  recorder().after_call<Api::cuMemMap>(CUDA_SUCCESS, range_ + kGranule, kGranule, std::size_t{0},
                                       again, 0ull);
  const CUmemAccessDesc right{{CU_MEM_LOCATION_TYPE_DEVICE, {0}},
                              CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
  const CUmemAccessDesc* const list = &right;
  recorder().after_call<Api::cuMemSetAccess>(CUDA_SUCCESS, range_ + kGranule, kGranule, list,
                                             std::size_t{1});
  EXPECT_EQ(find(range_ + kGranule)->kind, number_of(RegionKind::Mapped));
}

TEST_F(LiveMappingsTest, KnowsAHandleUntilItIsReleasedAsOftenAsItWasHad) {
  EXPECT_EQ(map(0, kGranule, 0), CUDA_SUCCESS);
  EXPECT_EQ(allow(0, kGranule), CUDA_SUCCESS);
  CUmemGenericAllocationHandle same = 0;
  void* const at = reinterpret_cast<void*>(range_);
  ASSERT_EQ(call<Api::cuMemRetainAllocationHandle>(&same, at), CUDA_SUCCESS);
  ASSERT_EQ(same, allocation_);
  EXPECT_EQ(call<Api::cuMemRelease>(allocation_), CUDA_SUCCESS);
  EXPECT_EQ(map(kGranule, kGranule, kGranule), CUDA_SUCCESS);
  EXPECT_EQ(allow(kGranule, kGranule), CUDA_SUCCESS);
  EXPECT_EQ(find(range_ + kGranule)->kind, number_of(RegionKind::Mapped));
}

TEST_F(LiveMappingsTest, PutsBackWhatAFailedCallTook) {
  EXPECT_EQ(map(0, kGranule, 0), CUDA_SUCCESS);
  EXPECT_EQ(allow(0, kGranule), CUDA_SUCCESS);
  EXPECT_NE(call<Api::cuMemUnmap>(range_, kGranule + 1), CUDA_SUCCESS);
  EXPECT_TRUE(find(range_));
  recorder().before_call<Api::cuMemRelease>(allocation_);
  recorder().after_call<Api::cuMemRelease>(CUDA_ERROR_INVALID_VALUE, allocation_);
  EXPECT_EQ(map(kGranule, kGranule, 0), CUDA_SUCCESS);
  EXPECT_EQ(allow(kGranule, kGranule), CUDA_SUCCESS);
  EXPECT_EQ(find(range_ + kGranule)->kind, number_of(RegionKind::Mapped));
}

TEST_F(LiveMappingsTest, CallsImportedMemoryForeignUntilItsLastHandleIsReleased) {
  CUmemGenericAllocationHandle imported = 0x9999;
  for (int i = 0; i < 2; ++i)
    recorder().after_call<Api::cuMemImportFromShareableHandle>(
        CUDA_SUCCESS, &imported, static_cast<void*>(nullptr),
        CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR);
  recorder().before_call<Api::cuMemRelease>(imported);
  recorder().after_call<Api::cuMemRelease>(CUDA_SUCCESS, imported);
  recorder().after_call<Api::cuMemMap>(CUDA_SUCCESS, range_, kGranule, std::size_t{0}, imported,
                                       0ull);
  EXPECT_FALSE(live().is_foreign(range_));
  const CUmemAccessDesc right{{CU_MEM_LOCATION_TYPE_DEVICE, {0}},
                              CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
  const CUmemAccessDesc* const list = &right;
  recorder().after_call<Api::cuMemSetAccess>(CUDA_SUCCESS, range_, kGranule, list, std::size_t{1});
  EXPECT_TRUE(live().is_foreign(range_));
}

TEST_F(LiveMappingsTest, CallsMulticastObjectsForeign) {
  CUmemGenericAllocationHandle object = 0x8888;
  const CUmulticastObjectProp* const properties = nullptr;
  recorder().after_call<Api::cuMulticastCreate>(CUDA_SUCCESS, &object, properties);
  recorder().after_call<Api::cuMemMap>(CUDA_SUCCESS, range_, kGranule, std::size_t{0}, object,
                                       0ull);
  const CUmemAccessDesc right{{CU_MEM_LOCATION_TYPE_DEVICE, {0}},
                              CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
  const CUmemAccessDesc* const list = &right;
  recorder().after_call<Api::cuMemSetAccess>(CUDA_SUCCESS, range_, kGranule, list, std::size_t{1});
  EXPECT_TRUE(live().is_foreign(range_ + kGranule - 1));
}

TEST_F(LiveMappingsTest, OutlivesContexts) {
  EXPECT_EQ(map(0, kGranule, 0), CUDA_SUCCESS);
  EXPECT_EQ(allow(0, kGranule), CUDA_SUCCESS);
  recorder().before_call<Api::cuDevicePrimaryCtxReset_v2>(0);
  recorder().after_call<Api::cuDevicePrimaryCtxReset_v2>(CUDA_SUCCESS, 0);
  EXPECT_TRUE(find(range_));
}

}  // namespace
}  // namespace fib::recorder::test
