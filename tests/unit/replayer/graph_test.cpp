// SPDX-License-Identifier: Apache-2.0
#include "graph_maker.h"
#include "replay_test.h"
#include "replayer/graph_order.h"

namespace fib::replayer::testing {
namespace {

using driver::Api;
using trace::RegionKind;

constexpr int kCount = 1000;

class GraphReplay : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::uint32_t load = capture.load(true);
    fill = capture.kernel(kFill, load, trace::kKernelIsLibraryKernel);
    scale = capture.kernel(kScale, load);
    saxpy = capture.kernel(kSaxpy, load);
    x = capture.region(RegionKind::Device, at_x(), floats(kCount, 1));
    y = capture.region(RegionKind::Device, at_y(), floats(kCount, 2));
  }
  [[nodiscard]] std::uint64_t at_x() const { return capture.address(0); }
  [[nodiscard]] std::uint64_t at_y() const { return capture.address(1 << 24); }
  [[nodiscard]] ByteVector scale_params(std::uint64_t at, float factor) const {
    return pack(at, factor, kCount);
  }
  [[nodiscard]] CUDA_MEMCPY3D copy_params(std::uint64_t to, std::uint64_t from,
                                          std::size_t bytes) const {
    CUDA_MEMCPY3D copy{};
    copy.srcMemoryType = copy.dstMemoryType = CU_MEMORYTYPE_DEVICE;
    copy.srcDevice = from;
    copy.dstDevice = to;
    copy.WidthInBytes = bytes;
    copy.Height = copy.Depth = 1;
    return copy;
  }

  CaptureBuilder capture;
  GraphMaker graph;
  std::uint32_t fill = 0, scale = 0, saxpy = 0;
  std::size_t x = 0, y = 0;
};

TEST_F(GraphReplay, BuildsNodesOfAllKindsAndTheirOrder) {
  const auto a = graph.kernel(fill, kCount, pack(at_x(), 3.0F, kCount));
  const auto b = graph.other(CU_GRAPH_NODE_TYPE_MEMCPY, copy_params(at_y(), at_x(), kCount * 4));
  const auto c = graph.bare(CU_GRAPH_NODE_TYPE_EMPTY);
  CUDA_MEMSET_NODE_PARAMS set{};
  set.dst = at_x();
  set.elementSize = 4;
  set.width = 10;
  set.height = 1;
  const auto d = graph.other(CU_GRAPH_NODE_TYPE_MEMSET, set);
  const auto e = graph.kernel(saxpy, kCount, pack(kCount, 2.0F, at_x(), at_y()));
  graph.edge(a, b);
  graph.edge(b, c);
  graph.edge(c, d);
  graph.edge(d, e);
  capture.begin();
  graph.write(capture, 5);
  capture.graph_launch(5);
  capture.content(x) = floats(kCount, 3);
  std::memset(capture.content(x).data(), 0, 40);
  capture.content(y) = floats(kCount, 9);
  std::memcpy(capture.content(y).data(), floats(10, 3).data(), 40);
  capture.end();
  const ReplayReport report = replay(capture);
  expect_exact(report);
  ASSERT_EQ(report.launches.size(), 2u);
  EXPECT_EQ(report.launches[1].node, e);
  EXPECT_EQ(report.launches[1].exec, 5u);
}

TEST_F(GraphReplay, FollowsChildGraphs) {
  const auto a = graph.kernel(fill, kCount, pack(at_x(), 3.0F, kCount));
  const auto child = graph.bare(CU_GRAPH_NODE_TYPE_GRAPH);
  const auto inner = graph.kernel(scale, kCount, scale_params(at_x(), 2), child);
  const auto second = graph.kernel(scale, kCount, scale_params(at_x(), 5), child);
  const auto b = graph.kernel(saxpy, kCount, pack(kCount, 1.0F, at_x(), at_y()));
  graph.edge(a, child);
  graph.edge(inner, second);
  graph.edge(child, b);
  capture.begin();
  graph.write(capture, 1);
  capture.graph_launch(1);
  capture.content(x) = floats(kCount, 30);
  capture.content(y) = floats(kCount, 32);
  capture.end();
  const ReplayReport report = replay(capture);
  expect_exact(report);
  ASSERT_EQ(report.launches.size(), 4u);
  EXPECT_EQ(report.launches[2].node, second);
  EXPECT_EQ(report.launches[3].node, b);
}

TEST_F(GraphReplay, FollowsUpdatesRevisionsAndSwitches) {
  const auto node = graph.kernel(scale, kCount, scale_params(at_x(), 2));
  const auto other = graph.kernel(scale, kCount, scale_params(at_y(), 2));
  graph.write(capture, 1);
  capture.begin();
  capture.graph_launch(1);  // x 2, y 4
  graph.write_update(capture, 1, node, scale_params(at_x(), 5));
  capture.graph_launch(1);  // x 10, y 8
  capture.call(Api::cuGraphNodeSetEnabled,
               {GraphMaker::kExecHandle + 1, GraphMaker::kNodeHandle + other, 0});
  capture.graph_launch(1);  // x 50
  GraphMaker next;
  next.kernel(scale, kCount, scale_params(at_x(), 3));
  next.kernel(scale, kCount, scale_params(at_y(), 3));
  next.write(capture, 1, 1);
  capture.call(Api::cuGraphNodeSetEnabled,
               {GraphMaker::kExecHandle + 1, GraphMaker::kNodeHandle + other, 1});
  capture.graph_launch(1);  // x 150, y 24
  capture.content(x) = floats(kCount, 150);
  capture.content(y) = floats(kCount, 24);
  capture.end();
  const ReplayReport report = replay(capture);
  expect_exact(report);
  EXPECT_EQ(report.launches.size(), 7u);  // a node that is switched off does not count
}

TEST_F(GraphReplay, KeepsAttributesAndPorts) {
  const auto a = graph.kernel(fill, kCount, pack(at_x(), 3.0F, kCount));
  const auto b = graph.kernel(scale, kCount, scale_params(at_x(), 2));
  graph.edge(a, b, 1, 1);
  CUlaunchAttribute cooperative{};
  cooperative.id = CU_LAUNCH_ATTRIBUTE_COOPERATIVE;
  cooperative.value.cooperative = 1;
  graph.attribute(a, cooperative);
  capture.begin();
  graph.write(capture, 1);
  capture.graph_launch(1);
  capture.content(x) = floats(kCount, 6);
  capture.end();
  expect_exact(replay(capture));
}

TEST_F(GraphReplay, ReadsOrdinaryHostMemoryFromPayloads) {
  CUDA_MEMCPY3D copy = copy_params(at_x(), 0, kCount * 4);
  copy.srcMemoryType = CU_MEMORYTYPE_HOST;
  copy.srcHost = reinterpret_cast<const void*>(0x77700);
  graph.other(CU_GRAPH_NODE_TYPE_MEMCPY, copy);
  capture.begin();
  graph.write(capture, 1);
  capture.payload(trace::PayloadKind::Host, 0x77700, floats(kCount, 4));
  capture.graph_launch(1);
  capture.content(x) = floats(kCount, 4);
  capture.end();
  expect_exact(replay(capture));
}

TEST_F(GraphReplay, SaysWhyAGraphCannotBeReplayed) {
  graph.kernel(scale, kCount, scale_params(at_x(), 2));
  graph.bare(CU_GRAPH_NODE_TYPE_HOST);
  capture.begin();
  graph.write(capture, 1);
  capture.graph_launch(1);
  capture.end();
  const ReplayReport report = replay(capture);
  ASSERT_EQ(report.launches.size(), 1u);
  EXPECT_EQ(report.launches[0].verdict, Verdict::NotReplayable);
  EXPECT_NE(report.launches[0].reason.find("host function"), std::string::npos) << text(report);
}

TEST(GraphOrder, RefusesCircles) {
  std::vector<GraphNodePlan> nodes(2);
  nodes[0].fixed.parent = nodes[1].fixed.parent = trace::kNoParent;
  EXPECT_TRUE(graph_order(nodes, {{0, 1, 0, 0, 0, {}}, {1, 0, 0, 0, 0, {}}}).empty());
  EXPECT_TRUE(graph_order(nodes, {{0, 7, 0, 0, 0, {}}}).empty());
  EXPECT_EQ(graph_order(nodes, {{1, 0, 0, 0, 0, {}}}), (std::vector<std::uint32_t>{1, 0}));
}

}  // namespace
}  // namespace fib::replayer::testing
