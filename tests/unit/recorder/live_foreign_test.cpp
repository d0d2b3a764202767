// SPDX-License-Identifier: Apache-2.0
#include "sim_recorder_test.h"

namespace fib::recorder::test {
namespace {

using driver::Api;
using trace::RegionKind;

class ForeignMemoryTest : public SimRecorderTest {
 protected:
  static constexpr CUdeviceptr kPeer = 0x6000000000;
  void SetUp() override {
    SimRecorderTest::SetUp();
    api_.cuMemGetAddressRange_v2 = [](CUdeviceptr* base, std::size_t* size,
                                      CUdeviceptr) -> CUresult {
      *base = kPeer;
      *size = 0x2000;
      return CUDA_SUCCESS;
    };
  }
  void open() {
    CUdeviceptr address = kPeer;
    recorder().after_call<Api::cuIpcOpenMemHandle_v2>(CUDA_SUCCESS, &address, CUipcMemHandle{},
                                                      unsigned{CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS});
  }
  void close() {
    recorder().before_call<Api::cuIpcCloseMemHandle>(kPeer);
    recorder().after_call<Api::cuIpcCloseMemHandle>(CUDA_SUCCESS, kPeer);
  }
};

TEST_F(ForeignMemoryTest, KnowsTheWholeRangeOfAnOpenedHandle) {
  EXPECT_FALSE(live().had_foreign());
  open();
  ASSERT_TRUE(find(kPeer + 0x1fff));
  EXPECT_EQ(find(kPeer)->kind, number_of(RegionKind::Foreign));
  EXPECT_EQ(find(kPeer)->bytes, 0x2000u);
  EXPECT_TRUE(live().is_foreign(kPeer + 8));
  EXPECT_FALSE(live().is_foreign(kPeer + 0x2000));
  EXPECT_FALSE(live().is_foreign(allocate(100)));
  EXPECT_TRUE(live().had_foreign());
}

TEST_F(ForeignMemoryTest, ClosesAHandleAsOftenAsItWasOpened) {
  open();
  open();
  close();
  EXPECT_TRUE(find(kPeer));
  recorder().before_call<Api::cuIpcCloseMemHandle>(kPeer);
  EXPECT_FALSE(find(kPeer));
  recorder().after_call<Api::cuIpcCloseMemHandle>(CUDA_ERROR_INVALID_VALUE, kPeer);
  EXPECT_TRUE(find(kPeer));
  close();
  EXPECT_FALSE(find(kPeer));
}

TEST_F(ForeignMemoryTest, TakesBackAFailedCloseOfSeveral) {
  open();
  open();
  recorder().before_call<Api::cuIpcCloseMemHandle>(kPeer);
  recorder().after_call<Api::cuIpcCloseMemHandle>(CUDA_ERROR_INVALID_VALUE, kPeer);
  close();
  EXPECT_TRUE(find(kPeer));
}

TEST_F(ForeignMemoryTest, KnowsBuffersOfExternalMemory) {
  CUdeviceptr address = kPeer;
  CUDA_EXTERNAL_MEMORY_BUFFER_DESC buffer{};
  buffer.size = 0x800;
  const CUDA_EXTERNAL_MEMORY_BUFFER_DESC* const at = &buffer;
  recorder().after_call<Api::cuExternalMemoryGetMappedBuffer>(CUDA_SUCCESS, &address,
                                                              handle<CUexternalMemory>(7), at);
  EXPECT_TRUE(live().is_foreign(kPeer + 0x7ff));
  EXPECT_FALSE(live().is_foreign(kPeer + 0x800));
  recorder().before_call<Api::cuMemFree_v2>(kPeer);
  recorder().after_call<Api::cuMemFree_v2>(CUDA_SUCCESS, kPeer);
  EXPECT_FALSE(find(kPeer));
}

TEST_F(ForeignMemoryTest, UnmapsGraphicsResources) {
  CUdeviceptr address = kPeer;
  std::size_t size = 4096;
  CUgraphicsResource resource = handle<CUgraphicsResource>(9);
  recorder().after_call<Api::cuGraphicsResourceGetMappedPointer_v2>(CUDA_SUCCESS, &address, &size,
                                                                    resource);
  EXPECT_TRUE(live().is_foreign(kPeer));
  CUgraphicsResource* const list = &resource;
  recorder().before_call<Api::cuGraphicsUnmapResources>(1u, list, CUstream{});
  recorder().after_call<Api::cuGraphicsUnmapResources>(CUDA_SUCCESS, 1u, list, CUstream{});
  EXPECT_FALSE(find(kPeer));
}

TEST_F(ForeignMemoryTest, KnowsPointersIntoImportedPools) {
  CUdeviceptr address = kPeer;
  CUmemPoolPtrExportData* const data = nullptr;
  recorder().after_call<Api::cuMemPoolImportPointer>(CUDA_SUCCESS, &address,
                                                     handle<CUmemoryPool>(3), data);
  EXPECT_TRUE(live().is_foreign(kPeer));
}

}  // namespace
}  // namespace fib::recorder::test
