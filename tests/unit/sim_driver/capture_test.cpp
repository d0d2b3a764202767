// SPDX-License-Identifier: Apache-2.0
#include <thread>

#include "tests/unit/sim_driver/sim_test.h"

namespace fib::sim::test {
namespace {

class CaptureTest : public SimTest {
 protected:
  void SetUp() override {
    SimTest::SetUp();
    stream = non_blocking_stream();
    other = non_blocking_stream();
    data = floats(4, 1);
    spare = device_memory(64);
  }

  void begin(CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL) {
    ASSERT_OK(cuStreamBeginCapture_v2(stream, mode));
  }
  CUresult end() { return cuStreamEndCapture(stream, &graph); }
  float run() {
    CUgraphExec exec = nullptr;
    EXPECT_OK(cuGraphInstantiateWithFlags(&exec, graph, 0));
    EXPECT_OK(cuGraphLaunch(exec, other));
    EXPECT_OK(cuStreamSynchronize(other));
    return read_floats(data, 4)[0];
  }
  CUresult fill(CUstream on, float value) { return launch(function(kFill), on, 4, data, value, 4); }
  CUresult scale(CUstream on, float value) {
    return launch(function(kScale), on, 4, data, value, 4);
  }
  CUevent event() {
    CUevent created = nullptr;
    EXPECT_OK(cuEventCreate(&created, CU_EVENT_DISABLE_TIMING));
    return created;
  }
  CUstreamCaptureStatus status(CUstream of) {
    CUstreamCaptureStatus value{};
    EXPECT_OK(cuStreamIsCapturing(of, &value));
    return value;
  }

  CUstream stream = nullptr, other = nullptr;
  CUdeviceptr data = 0, spare = 0;
  CUgraph graph = nullptr;
};

TEST_F(CaptureTest, RecordsInsteadOfRunning) {
  begin();
  EXPECT_EQ(CU_STREAM_CAPTURE_STATUS_ACTIVE, status(stream));
  ASSERT_OK(fill(stream, 5));
  ASSERT_OK(scale(stream, 2));
  ASSERT_OK(cuMemsetD32Async(spare, 0, 4, stream));
  ASSERT_OK(cuMemcpyDtoDAsync_v2(spare, data, 4, stream));
  ASSERT_OK(end());
  EXPECT_EQ(CU_STREAM_CAPTURE_STATUS_NONE, status(stream));
  EXPECT_EQ(1.0f, read_floats(data, 4)[0]);
  size_t nodes = 0, edges = 0;
  ASSERT_OK(cuGraphGetNodes(graph, nullptr, &nodes));
  ASSERT_OK(cuGraphGetEdges(graph, nullptr, nullptr, &edges));
  EXPECT_EQ(4u, nodes);
  EXPECT_EQ(3u, edges);
  EXPECT_EQ(10.0f, run());
  EXPECT_EQ(10.0f, read_floats(spare, 1)[0]);
}

TEST_F(CaptureTest, ForkedStreamsJoin) {
  const CUevent fork = event(), join = event();
  begin();
  ASSERT_OK(fill(stream, 3));
  ASSERT_OK(cuEventRecord(fork, stream));
  ASSERT_OK(cuStreamWaitEvent(other, fork, 0));
  EXPECT_EQ(CU_STREAM_CAPTURE_STATUS_ACTIVE, status(other));
  ASSERT_OK(scale(other, 2));
  ASSERT_OK(cuEventRecord(join, other));
  ASSERT_OK(cuStreamWaitEvent(stream, join, 0));
  ASSERT_OK(scale(stream, 10));
  ASSERT_OK(end());
  EXPECT_EQ(CU_STREAM_CAPTURE_STATUS_NONE, status(other));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(60.0f, run());
}

TEST_F(CaptureTest, UnjoinedWorkFails) {
  const CUevent fork = event();
  begin();
  ASSERT_OK(cuEventRecord(fork, stream));
  ASSERT_OK(cuStreamWaitEvent(other, fork, 0));
  ASSERT_OK(scale(other, 2));
  EXPECT_EQ(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, cuStreamEndCapture(other, &graph));
  EXPECT_EQ(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, end());
  EXPECT_EQ(nullptr, graph);
  EXPECT_EQ(CU_STREAM_CAPTURE_STATUS_NONE, status(other));
}

TEST_F(CaptureTest, ReportsItsState) {
  CUstreamCaptureStatus state{};
  cuuint64_t id = 0, same = 0;
  CUgraph into = nullptr;
  const CUgraphNode* dependencies = nullptr;
  const CUgraphEdgeData* edges = nullptr;
  size_t count = 0;
  begin();
  ASSERT_OK(fill(stream, 1));
  ASSERT_OK(cuStreamGetCaptureInfo(stream, &state, &id));
  ASSERT_OK(cuStreamGetCaptureInfo_v2(stream, &state, &same, &into, &dependencies, &count));
  EXPECT_EQ(id, same);
  EXPECT_EQ(1u, count);
  ASSERT_OK(cuStreamGetCaptureInfo_v3(stream, &state, &same, &into, &dependencies, &edges, &count));
  EXPECT_EQ(0, edges[0].from_port);
  CUgraphNode added = nullptr;
  ASSERT_OK(cuGraphAddEmptyNode(&added, into, dependencies, 1));
  ASSERT_OK(
      cuStreamUpdateCaptureDependencies(stream, &added, 1, CU_STREAM_SET_CAPTURE_DEPENDENCIES));
  ASSERT_OK(end());
  EXPECT_EQ(into, graph);
  begin();
  ASSERT_OK(cuStreamGetCaptureInfo(stream, &state, &same));
  EXPECT_NE(id, same);
  ASSERT_OK(end());
}

TEST_F(CaptureTest, CapturesIntoAGivenGraph) {
  CUgraph given = nullptr;
  CUgraphNode first = nullptr;
  ASSERT_OK(cuGraphCreate(&given, 0));
  ASSERT_OK(cuGraphAddEmptyNode(&first, given, nullptr, 0));
  ASSERT_OK(cuStreamBeginCaptureToGraph(stream, given, &first, nullptr, 1,
                                        CU_STREAM_CAPTURE_MODE_RELAXED));
  ASSERT_OK(fill(stream, 6));
  ASSERT_OK(end());
  EXPECT_EQ(given, graph);
  size_t edges = 0;
  ASSERT_OK(cuGraphGetEdges(graph, nullptr, nullptr, &edges));
  EXPECT_EQ(1u, edges);
  EXPECT_EQ(6.0f, run());
}

TEST_F(CaptureTest, GraphLaunchesBecomeChildren) {
  begin();
  ASSERT_OK(fill(stream, 2));
  ASSERT_OK(end());
  CUgraphExec exec = nullptr;
  ASSERT_OK(cuGraphInstantiateWithFlags(&exec, graph, 0));
  begin();
  ASSERT_OK(cuGraphLaunch(exec, stream));
  ASSERT_OK(scale(stream, 4));
  ASSERT_OK(end());
  EXPECT_EQ(8.0f, run());
}

TEST_F(CaptureTest, BeginAndEndHaveRules) {
  EXPECT_EQ(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
            cuStreamBeginCapture_v2(nullptr, CU_STREAM_CAPTURE_MODE_GLOBAL));
  EXPECT_EQ(CUDA_ERROR_ILLEGAL_STATE, end());
  begin();
  EXPECT_EQ(CUDA_ERROR_ILLEGAL_STATE,
            cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  std::thread([&] {
    EXPECT_OK(cuCtxSetCurrent(context));
    EXPECT_EQ(CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, end());
  }).join();
  ASSERT_OK(end());
  begin(CU_STREAM_CAPTURE_MODE_RELAXED);
  std::thread([&] {
    EXPECT_OK(cuCtxSetCurrent(context));
    EXPECT_OK(end());
  }).join();
}

TEST_F(CaptureTest, OutsideWorkMayNotBeWaitedFor) {
  const CUevent outside = event(), never = event();
  ASSERT_OK(cuEventRecord(outside, other));
  begin();
  EXPECT_OK(cuStreamWaitEvent(stream, never, 0));
  EXPECT_EQ(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, cuStreamWaitEvent(stream, outside, 0));
  EXPECT_EQ(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, end());
}

TEST_F(CaptureTest, SeparateCapturesMayNotMerge) {
  const CUevent inside = event();
  begin();
  ASSERT_OK(cuStreamBeginCapture_v2(other, CU_STREAM_CAPTURE_MODE_GLOBAL));
  ASSERT_OK(cuEventRecord(inside, stream));
  EXPECT_EQ(CUDA_ERROR_STREAM_CAPTURE_MERGE, cuStreamWaitEvent(other, inside, 0));
  EXPECT_EQ(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, end());
  EXPECT_EQ(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, cuStreamEndCapture(other, &graph));
}

TEST_F(CaptureTest, CapturedEventsCannotBeWaitedForByTheHost) {
  const CUevent inside = event();
  begin();
  ASSERT_OK(cuEventRecord(inside, stream));
  EXPECT_EQ(CUDA_ERROR_CAPTURED_EVENT, cuEventQuery(inside));
  EXPECT_EQ(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, end());
}

TEST_F(CaptureTest, ExternalEventsBecomeNodes) {
  const CUevent outside = event();
  begin();
  ASSERT_OK(cuEventRecordWithFlags(outside, stream, CU_EVENT_RECORD_EXTERNAL));
  ASSERT_OK(cuStreamWaitEvent(stream, outside, CU_EVENT_WAIT_EXTERNAL));
  ASSERT_OK(end());
  CUgraphNode nodes[2] = {};
  size_t count = 2;
  ASSERT_OK(cuGraphGetNodes(graph, nodes, &count));
  CUevent seen = nullptr;
  EXPECT_OK(cuGraphEventRecordNodeGetEvent(nodes[0], &seen));
  EXPECT_EQ(outside, seen);
  EXPECT_OK(cuGraphEventWaitNodeGetEvent(nodes[1], &seen));
}

TEST_F(CaptureTest, DestroyingTheStreamEndsTheCapture) {
  begin();
  ASSERT_OK(fill(stream, 1));
  ASSERT_OK(cuStreamDestroy_v2(stream));
  CUdeviceptr address = 0;
  EXPECT_OK(cuMemAlloc_v2(&address, 16)) << "nothing captures any more";
}

}  // namespace
}  // namespace fib::sim::test
