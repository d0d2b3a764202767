// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <thread>

#include "tests/unit/sim_driver/sim_test.h"

namespace fib::sim::test {
namespace {

class StreamTest : public SimTest {
 protected:
  CUstream blocking_stream() {
    CUstream stream = nullptr;
    EXPECT_OK(cuStreamCreate(&stream, CU_STREAM_DEFAULT));
    return stream;
  }
  void keep_busy(CUstream stream) { EXPECT_OK(launch(function(kSpin), stream, 1, 50000)); }
};

TEST_F(StreamTest, RunsAsynchronously) {
  const CUstream stream = non_blocking_stream();
  Gate gate(stream);
  ASSERT_OK(launch(function(kNoop), stream, 1));
  EXPECT_EQ(CUDA_ERROR_NOT_READY, cuStreamQuery(stream));
  gate.open();
  ASSERT_OK(cuStreamSynchronize(stream));
  EXPECT_OK(cuStreamQuery(stream));
}

TEST_F(StreamTest, LegacyStreamWaitsForBlockingStreams) {
  const CUstream stream = blocking_stream();
  const CUdeviceptr out = floats(1, 0);
  keep_busy(stream);
  ASSERT_OK(launch(function(kFill), stream, 1, out, 1.0f, 1));
  ASSERT_OK(launch(function(kScale), nullptr, 1, out, 3.0f, 1));
  EXPECT_EQ(std::vector<float>(1, 3), read_floats(out, 1));
}

TEST_F(StreamTest, BlockingStreamsWaitForTheLegacyStream) {
  for (CUstream stream : {blocking_stream(), CU_STREAM_PER_THREAD}) {
    const CUdeviceptr out = floats(1, 0);
    keep_busy(nullptr);
    ASSERT_OK(launch(function(kFill), nullptr, 1, out, 1.0f, 1));
    ASSERT_OK(launch(function(kScale), stream, 1, out, 3.0f, 1));
    ASSERT_OK(cuStreamSynchronize(stream));
    EXPECT_EQ(std::vector<float>(1, 3), read_floats(out, 1));
  }
}

TEST_F(StreamTest, NonBlockingStreamsDoNot) {
  const CUstream stream = non_blocking_stream();
  Gate gate(stream);
  ASSERT_OK(launch(function(kNoop), nullptr, 1));
  ASSERT_OK(cuStreamSynchronize(nullptr));
  EXPECT_EQ(CUDA_ERROR_NOT_READY, cuStreamQuery(stream));
  gate.open();
  ASSERT_OK(cuCtxSynchronize());
  EXPECT_OK(cuStreamQuery(stream));
}

TEST_F(StreamTest, PerThreadStreamsDiffer) {
  unsigned long long mine = 0, again = 0, theirs = 0;
  ASSERT_OK(cuStreamGetId_ptsz(nullptr, &mine));
  ASSERT_OK(cuStreamGetId(CU_STREAM_PER_THREAD, &again));
  EXPECT_EQ(mine, again);
  std::thread([&] {
    EXPECT_OK(cuCtxSetCurrent(context));
    EXPECT_OK(cuStreamGetId_ptsz(nullptr, &theirs));
  }).join();
  EXPECT_NE(mine, theirs);
  ASSERT_OK(cuStreamGetId(nullptr, &again));
  EXPECT_NE(mine, again);
}

TEST_F(StreamTest, HasProperties) {
  CUstream stream = nullptr;
  unsigned flags = 0;
  int priority = 0;
  CUcontext owner = nullptr;
  ASSERT_OK(cuStreamCreateWithPriority(&stream, CU_STREAM_NON_BLOCKING, -2));
  ASSERT_OK(cuStreamGetFlags(stream, &flags));
  EXPECT_EQ(static_cast<unsigned>(CU_STREAM_NON_BLOCKING), flags);
  ASSERT_OK(cuStreamGetPriority(stream, &priority));
  EXPECT_EQ(-2, priority);
  ASSERT_OK(cuStreamGetCtx(stream, &owner));
  EXPECT_EQ(context, owner);
  EXPECT_EQ(CUDA_ERROR_INVALID_VALUE, cuStreamCreate(&stream, 6));
}

TEST_F(StreamTest, DestructionLetsWorkFinish) {
  const CUstream stream = non_blocking_stream();
  const CUdeviceptr out = floats(1, 0);
  keep_busy(stream);
  ASSERT_OK(launch(function(kFill), stream, 1, out, 1.0f, 1));
  ASSERT_OK(cuStreamDestroy_v2(stream));
  EXPECT_EQ(CUDA_ERROR_INVALID_HANDLE, cuStreamQuery(stream));
  ASSERT_OK(cuCtxSynchronize());
  EXPECT_EQ(std::vector<float>(1, 1), read_floats(out, 1));
}

struct HostState {
  std::atomic<int> calls{0};
  std::atomic<CUresult> inside{CUDA_SUCCESS};
};

void CUDA_CB host_function(void* data) {
  auto* state = static_cast<HostState*>(data);
  CUdeviceptr address = 0;
  state->inside = cuMemAlloc_v2(&address, 16);
  ++state->calls;
}

void CUDA_CB callback(CUstream, CUresult, void* data) { ++static_cast<HostState*>(data)->calls; }

TEST_F(StreamTest, CallsTheHostInOrder) {
  const CUstream stream = non_blocking_stream();
  HostState state;
  Gate gate(stream);
  ASSERT_OK(cuLaunchHostFunc(stream, host_function, &state));
  ASSERT_OK(cuStreamAddCallback(stream, callback, &state, 0));
  EXPECT_EQ(0, state.calls);
  gate.open();
  ASSERT_OK(cuStreamSynchronize(stream));
  EXPECT_EQ(2, state.calls);
  EXPECT_EQ(CUDA_ERROR_NOT_PERMITTED, state.inside) << "no CUDA calls from host functions";
}

TEST_F(StreamTest, FreeWaitsForTheDevice) {
  const CUstream stream = non_blocking_stream();
  const CUdeviceptr out = floats(1, 0);
  keep_busy(stream);
  ASSERT_OK(launch(function(kFill), stream, 1, out, 1.0f, 1));
  ASSERT_OK(cuMemFree_v2(out));
  EXPECT_OK(cuStreamQuery(stream));
}

}  // namespace
}  // namespace fib::sim::test
