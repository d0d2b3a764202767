// SPDX-License-Identifier: Apache-2.0
//
// Several devices and contexts in one process. Needs FIBSIM_DEVICES=2.
#include "tests/unit/dispatch/sim_dispatch_test.h"

namespace fib::dispatch::testing {
namespace {

class DevicesTest : public SimDispatchTest {
 protected:
  /// Makes a context of the device current, as an engine does, and loads the engine into it.
  void enter(CUdevice device) {
    CUcontext context = nullptr;
    ASSERT_EQ(cuDevicePrimaryCtxRetain(&context, device), CUDA_SUCCESS);
    ASSERT_EQ(cuCtxSetCurrent(context), CUDA_SUCCESS);
    dispatcher_->primary_appeared(device, context);
    load_engine();
    x_ = allocate();
    y_ = allocate();
  }
};

TEST_F(DevicesTest, EveryContextIsServed) {
  install("add_100");
  EXPECT_EQ(dispatcher_->gpus().size(), 1u);  // of one kind
  EXPECT_EQ(added(), 100);
  enter(1);
  EXPECT_EQ(added(), 100);
  install("staged");  // loads into both, and makes both their workspaces
  EXPECT_EQ(added(), 300);
  enter(0);
  EXPECT_EQ(added(), 300);
  EXPECT_EQ(cuDevicePrimaryCtxReset_v2(1), CUDA_SUCCESS);
}

TEST_F(DevicesTest, AContextThatEndsTakesItsWorkspaceAlong) {
  install("staged");
  enter(1);
  EXPECT_EQ(added(), 300);
  dispatcher_->primary_ending(1);
  ASSERT_EQ(cuDevicePrimaryCtxReset_v2(1), CUDA_SUCCESS);
  dispatcher_->primary_released(1);
  enter(1);
  EXPECT_EQ(added(), 300);
  EXPECT_EQ(cuDevicePrimaryCtxReset_v2(1), CUDA_SUCCESS);
}

TEST_F(DevicesTest, AReleaseThatIsNotTheLastChangesNothing) {
  install("staged");
  CUcontext again = nullptr;
  ASSERT_EQ(cuDevicePrimaryCtxRetain(&again, 0), CUDA_SUCCESS);
  dispatcher_->primary_appeared(0, again);
  dispatcher_->primary_ending(0);
  ASSERT_EQ(cuDevicePrimaryCtxRelease_v2(0), CUDA_SUCCESS);
  dispatcher_->primary_released(0);
  EXPECT_EQ(added(), 300);
}

TEST_F(DevicesTest, CodeIsLoadedWhileAnotherThreadCaptures) {
  CUstream stream = nullptr;
  ASSERT_EQ(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_SUCCESS);
  install("staged");
  CUgraph graph = nullptr;
  EXPECT_EQ(cuStreamEndCapture(stream, &graph), CUDA_SUCCESS);
  EXPECT_EQ(added(), 300);
}

}  // namespace
}  // namespace fib::dispatch::testing
