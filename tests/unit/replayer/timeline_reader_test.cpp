// SPDX-License-Identifier: Apache-2.0
#include "replayer/timeline_reader.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace fib::replayer {
namespace {

constexpr std::uint64_t kBegin = 1000;

/// A window with calls at chosen times; a tick is a nanosecond.
class TimelineReaderTest : public ::testing::Test {
 protected:
  TimelineReaderTest() {
    plan.machine.ticks_per_second = 1'000'000'000;
    plan.window.begin = kBegin;
    plan.window.end = kBegin + 5000;
    plan.kernels[1].name = "one";
    plan.kernels[2].name = "two";
    plan.streams.push_back({1, 1, 0x77, 0xc, 0, 0});  // non-blocking
  }

  void launch(std::uint64_t at, std::uint32_t kernel, std::uint64_t stream, bool captured = false) {
    LaunchPlan launch;
    launch.fixed.kernel = kernel;
    launch.fixed.duration = 10;
    launch.fixed.stream = stream;
    launch.fixed.context = 0xc;
    add(at, std::move(launch)).captured = captured;
  }
  void call(std::uint64_t at, const std::string& name, const std::string& args,
            std::vector<std::uint64_t> words) {
    const auto api = static_cast<std::uint16_t>(++apis_);
    plan.apis.add({api, name, args});
    CallPlan call;
    call.fixed.duration = 5;
    call.api = &plan.apis[api];
    call.words = std::move(words);
    add(at, std::move(call));
  }
  void graph(std::uint64_t at, const std::shared_ptr<GraphState>& state) {
    GraphLaunchPlan launch;
    launch.fixed.stream = 0x77;
    launch.fixed.context = 0xc;
    launch.graph = state;
    add(at, std::move(launch));
  }
  Timeline read(double gpu_ns = 50) {
    LaunchTable table(plan);
    for (LaunchResult& result : table.all()) result.gpu_ns = gpu_ns;
    return read_timeline(plan, table.all());
  }

  Plan plan;

 private:
  template <class What>
  Operation& add(std::uint64_t at, What what) {
    Operation operation;
    operation.key = operation.begin = kBegin + at;
    operation.what = std::move(what);
    plan.operations.push_back(std::move(operation));
    return plan.operations.back();
  }
  int apis_ = 0;
};

TEST_F(TimelineReaderTest, LaunchesBecomeKernels) {
  launch(100, 1, 0x77);
  launch(200, 2, 0);
  launch(300, 2, 0x77, true);  // went into a graph
  const Timeline timeline = read();
  ASSERT_EQ(2u, timeline.works.size());
  EXPECT_EQ(110u, timeline.works[0].issued_ns);
  EXPECT_EQ(50u, timeline.works[0].gpu_ns);
  EXPECT_EQ("one", timeline.names[timeline.works[0].name]);
  EXPECT_EQ("two", timeline.names[timeline.works[1].name]);
  EXPECT_FALSE(timeline.streams[timeline.works[0].stream].blocking);
  EXPECT_TRUE(timeline.streams[timeline.works[1].stream].legacy);
  EXPECT_EQ(5000u, timeline.window_ns);
  EXPECT_EQ(0u, timeline.unmeasured);
}

TEST_F(TimelineReaderTest, KernelsWithoutATimeAreCounted) {
  launch(100, 1, 0x77);
  const Timeline timeline = read(-1);
  EXPECT_EQ(1u, timeline.unmeasured);
  EXPECT_EQ(0u, timeline.works[0].gpu_ns);
}

TEST_F(TimelineReaderTest, CallsOrderStreams) {
  call(10, "cuStreamCreate", "=phStream Flags", {0x88, 1});
  launch(20, 1, 0x77);
  call(30, "cuEventRecord", "hEvent hStream", {0xe, 0x77});
  call(40, "cuStreamWaitEvent", "hStream hEvent Flags", {0x88, 0xe, 0});
  call(50, "cuMemsetD8Async", "dstDevice uc N hStream", {1, 2, 3, 0x88});
  call(60, "cuMemcpyHtoD_v2", "dstDevice srcHost ByteCount", {1, 2, 3});
  launch(70, 2, 0x88);
  const Timeline timeline = read();
  ASSERT_EQ(6u, timeline.works.size());
  EXPECT_EQ(TimelineWork::Kind::Record, timeline.works[1].kind);
  EXPECT_EQ(0xeu, timeline.works[1].event);
  EXPECT_EQ(TimelineWork::Kind::Wait, timeline.works[2].kind);
  EXPECT_EQ(TimelineWork::Kind::Other, timeline.works[3].kind);
  EXPECT_EQ(timeline.works[2].stream, timeline.works[3].stream);
  EXPECT_TRUE(timeline.streams[timeline.works[4].stream].legacy);
  EXPECT_EQ(2u, timeline.other_calls);
  EXPECT_FALSE(timeline.streams[timeline.works[5].stream].blocking);
  EXPECT_EQ(timeline.works[3].stream, timeline.works[5].stream);
}

GraphNodePlan node(std::uint32_t kernel, std::uint32_t parent = trace::kNoParent) {
  GraphNodePlan plan;
  plan.fixed.type = kernel != 0 ? trace::kKernelNodeType : std::uint16_t{4};
  plan.fixed.parent = parent;
  plan.kernel.kernel = kernel;
  return plan;
}

TEST_F(TimelineReaderTest, NodesFollowEdgesThroughChildGraphs) {
  auto state = std::make_shared<GraphState>();
  state->nodes = {node(1), node(0), node(2, 1), node(1)};  // 1 is a child graph that holds 2
  state->edges = {{0, 1, 0, 0, 0, {}}, {1, 3, 0, 0, 0, {}}};
  state->order = {0, 2, 3};
  graph(100, state);
  const Timeline timeline = read();
  ASSERT_EQ(3u, timeline.works.size());
  EXPECT_TRUE(timeline.works[0].after.empty());
  EXPECT_EQ(std::vector<std::size_t>{0}, timeline.works[1].after);
  std::vector<std::size_t> last = timeline.works[2].after;
  EXPECT_NE(last.end(), std::find(last.begin(), last.end(), 1u));
  EXPECT_EQ(timeline.works[0].call, timeline.works[2].call);
}

TEST_F(TimelineReaderTest, DefaultStreamsOfThreadsAreDifferent) {
  launch(100, 1, 2);
  launch(200, 1, 2);
  plan.operations[1].thread = 5;
  const Timeline timeline = read();
  EXPECT_NE(timeline.works[0].stream, timeline.works[1].stream);
}

}  // namespace
}  // namespace fib::replayer
