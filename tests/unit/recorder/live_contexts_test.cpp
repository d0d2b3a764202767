// SPDX-License-Identifier: Apache-2.0
#include "sim_recorder_test.h"

namespace fib::recorder::test {
namespace {

using driver::Api;

class LiveContextsTest : public SimRecorderTest {
 protected:
  CUcontext create_context() {
    CUcontext made = nullptr;
    EXPECT_EQ(call<Api::cuCtxCreate_v2>(&made, 0, 0), CUDA_SUCCESS);  // and makes it current
    return made;
  }
  CUstream create_stream(unsigned flags = CU_STREAM_NON_BLOCKING) {
    CUstream stream = nullptr;
    EXPECT_EQ(call<Api::cuStreamCreate>(&stream, flags), CUDA_SUCCESS);
    return stream;
  }
};

TEST_F(LiveContextsTest, KnowsStreamsUntilTheirEnd) {
  CUstream plain = create_stream(CU_STREAM_DEFAULT), urgent = nullptr;
  ASSERT_EQ(call<Api::cuStreamCreateWithPriority>(&urgent, CU_STREAM_NON_BLOCKING, -2),
            CUDA_SUCCESS);
  ASSERT_EQ(live().streams().size(), 2u);
  for (const LiveStream& stream : live().streams()) {
    const bool is_plain = stream.fixed.handle == number(plain);
    EXPECT_EQ(stream.fixed.context, number(context_));
    EXPECT_EQ(stream.fixed.flags, is_plain ? 0u : 1u);
    EXPECT_EQ(stream.fixed.priority, is_plain ? 0 : -2);
  }
  EXPECT_EQ(call<Api::cuStreamDestroy_v2>(plain), CUDA_SUCCESS);
  ASSERT_EQ(live().streams().size(), 1u);
  EXPECT_EQ(live().streams()[0].fixed.handle, number(urgent));
}

TEST_F(LiveContextsTest, PutsBackAStreamThatWasNotDestroyed) {
  CUstream stream = create_stream();
  recorder().before_call<Api::cuStreamDestroy_v2>(stream);
  EXPECT_TRUE(live().streams().empty());
  recorder().after_call<Api::cuStreamDestroy_v2>(CUDA_ERROR_INVALID_HANDLE, stream);
  EXPECT_EQ(live().streams().size(), 1u);
}

TEST_F(LiveContextsTest, TellsPrimaryContextsFromOthers) {
  const CUcontext own = create_context();
  ASSERT_EQ(live().contexts().size(), 2u);
  for (const LiveContext& context : live().contexts()) {
    EXPECT_EQ(context.primary, context.handle == context_);
    EXPECT_TRUE(context.handle == context_ || context.handle == own);
  }
}

TEST_F(LiveContextsTest, TakesAContextThatWasMadeOutOfSightForThePrimaryOne) {
  make_another_recorder();
  EXPECT_TRUE(live().contexts().empty());
  allocate(100);
  ASSERT_EQ(live().contexts().size(), 1u);
  EXPECT_EQ(live().contexts()[0].handle, context_);
  EXPECT_TRUE(live().contexts()[0].primary);
}

TEST_F(LiveContextsTest, DropsAllThatWasInADestroyedContext) {
  const CUdeviceptr kept = allocate(100);
  CUstream kept_stream = create_stream();
  const CUcontext own = create_context();
  const CUdeviceptr lost = allocate(100);
  create_stream();
  ASSERT_TRUE(find(lost));
  EXPECT_EQ(call<Api::cuCtxDestroy_v2>(own), CUDA_SUCCESS);
  EXPECT_FALSE(find(lost));
  EXPECT_TRUE(find(kept));
  ASSERT_EQ(live().streams().size(), 1u);
  EXPECT_EQ(live().streams()[0].fixed.handle, number(kept_stream));
  EXPECT_EQ(live().contexts().size(), 1u);
}

TEST_F(LiveContextsTest, PutsBackAContextThatWasNotDestroyed) {
  const CUcontext own = create_context();
  const CUdeviceptr address = allocate(100);
  create_stream();
  recorder().before_call<Api::cuCtxDestroy_v2>(own);
  EXPECT_FALSE(find(address));
  recorder().after_call<Api::cuCtxDestroy_v2>(CUDA_ERROR_INVALID_CONTEXT, own);
  EXPECT_TRUE(find(address));
  EXPECT_EQ(live().streams().size(), 1u);
  EXPECT_EQ(live().contexts().size(), 2u);
  EXPECT_EQ(call<Api::cuCtxDestroy_v2>(own), CUDA_SUCCESS);
}

TEST_F(LiveContextsTest, KeepsThePrimaryContextUntilItsLastRelease) {
  CUcontext again = nullptr;
  ASSERT_EQ(call<Api::cuDevicePrimaryCtxRetain>(&again, 0), CUDA_SUCCESS);
  const CUdeviceptr address = allocate(100);
  EXPECT_EQ(call<Api::cuDevicePrimaryCtxRelease_v2>(0), CUDA_SUCCESS);
  EXPECT_TRUE(find(address));
  EXPECT_EQ(call<Api::cuDevicePrimaryCtxRelease_v2>(0), CUDA_SUCCESS);
  EXPECT_FALSE(find(address));
  EXPECT_TRUE(live().contexts().empty());
}

TEST_F(LiveContextsTest, DropsAllWhenThePrimaryContextIsReset) {
  const CUdeviceptr address = allocate(100);
  create_stream();
  EXPECT_EQ(call<Api::cuDevicePrimaryCtxReset_v2>(0), CUDA_SUCCESS);
  EXPECT_FALSE(find(address));
  EXPECT_TRUE(live().streams().empty());
}

TEST_F(LiveContextsTest, ForgetsModulesWithTheirContext) {
  const CUcontext own = create_context();
  for (const bool is_library : {false, true}) {
    LoadCall load{};
    load.api = is_library ? Api::cuLibraryLoadData : Api::cuModuleLoadData;
    load.handle = handle<void*>(is_library ? 2 : 1);
    load.image = "// an image";
    load.is_library = is_library;
    recorder().loads.loaded(load);
    EXPECT_NE(recorder().loads.use(load.handle), 0u);
  }
  EXPECT_EQ(recorder().loads.used().size(), 2u);
  EXPECT_EQ(call<Api::cuCtxDestroy_v2>(own), CUDA_SUCCESS);
  ASSERT_EQ(recorder().loads.used().size(), 1u);
  EXPECT_TRUE(recorder().loads.used()[0].is_library);
}

TEST_F(LiveContextsTest, DropsGreenContexts) {
  CUgreenCtx green = handle<CUgreenCtx>(0x10);
  CUcontext converted = handle<CUcontext>(0x20);
  CUdevResourceDesc description{};
  recorder().after_call<Api::cuGreenCtxCreate>(CUDA_SUCCESS, &green, description, 0, 1u);
  recorder().after_call<Api::cuCtxFromGreenCtx>(CUDA_SUCCESS, &converted, green);
  ASSERT_EQ(live().contexts().size(), 2u);
  CUstream stream = handle<CUstream>(0x30);
  recorder().after_call<Api::cuGreenCtxStreamCreate>(CUDA_SUCCESS, &stream, green, 1u, -1);
  ASSERT_EQ(live().streams().size(), 1u);
  EXPECT_EQ(live().streams()[0].fixed.context, number(converted));
  recorder().before_call<Api::cuGreenCtxDestroy>(green);
  recorder().after_call<Api::cuGreenCtxDestroy>(CUDA_SUCCESS, green);
  EXPECT_EQ(live().contexts().size(), 1u);
  EXPECT_TRUE(live().streams().empty());
}

}  // namespace
}  // namespace fib::recorder::test
