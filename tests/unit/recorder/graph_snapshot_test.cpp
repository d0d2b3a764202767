// SPDX-License-Identifier: Apache-2.0
//
// How a graph is read back and flattened.
#include "recorder/graph_snapshot.h"

#include <cstring>

#include "graph_fixture.h"

namespace fib::recorder {
namespace {

using test::fake;
using test::FakeDriver;
using test::handle;
using test::LogContents;
using trace::Deviation;
using trace::kNoParent;

class GraphSnapshotTest : public test::GraphTest {
 protected:
  /// The record of graph `number` after it was instantiated.
  LogContents::Graph snapshot(std::uintptr_t number) {
    graphs().instantiated(exec(0xe0), graph(number), 0);
    log_ = finish_and_read();
    EXPECT_EQ(log_.graphs.size(), 1u);
    return log_.graphs.empty() ? LogContents::Graph{} : log_.graphs[0];
  }
  LogContents log_;
};

TEST_F(GraphSnapshotTest, EmptyGraph) {
  add_graph(1, {});
  const LogContents::Graph g = snapshot(1);
  EXPECT_TRUE(g.nodes.empty());
  EXPECT_TRUE(g.edges.empty());
  EXPECT_EQ(g.fixed.exec, 1u);
  EXPECT_EQ(g.fixed.exec_handle, 0xe0u);
  EXPECT_EQ(g.fixed.graph_handle, 1u);
}

TEST_F(GraphSnapshotTest, KernelNode) {
  FakeDriver::Node& n = add_kernel_node(0xa, add_kernel(0x10, "gemm"), 77);
  n.attributes[CU_LAUNCH_ATTRIBUTE_PRIORITY].priority = -3;
  n.attributes[CU_LAUNCH_ATTRIBUTE_COOPERATIVE].cooperative = 0;  // the default: not written
  add_graph(1, {0xa});
  const LogContents::Graph g = snapshot(1);
  ASSERT_EQ(g.nodes.size(), 1u);
  const LogContents::Node& kernel = g.nodes[0];
  EXPECT_EQ(kernel.fixed.type, trace::kKernelNodeType);
  EXPECT_EQ(kernel.fixed.handle, 0xau);
  EXPECT_EQ(kernel.fixed.parent, kNoParent);
  EXPECT_EQ(kernel.fixed.flags, 0);
  EXPECT_EQ(kernel.kernel.kernel, 1u);
  EXPECT_EQ(kernel.kernel.grid[0], 7u);
  EXPECT_EQ(kernel.kernel.block[0], 64u);
  EXPECT_EQ(kernel.kernel.shared_bytes, 512u);
  EXPECT_EQ(param(kernel), 77u);
  ASSERT_EQ(kernel.attributes.size(), 1u);
  EXPECT_EQ(kernel.attributes[0].id, static_cast<std::uint32_t>(CU_LAUNCH_ATTRIBUTE_PRIORITY));
  int priority = 0;
  std::memcpy(&priority, kernel.attributes[0].value.data(), sizeof priority);
  EXPECT_EQ(priority, -3);
  EXPECT_EQ(log_.kernels.at(0).name, "gemm");
}

TEST_F(GraphSnapshotTest, KernelNodeOfALibraryKernel) {
  (void)add_kernel(0x10, "attention");
  fake().functions[handle<void*>(0x10)].is_kernel = true;
  FakeDriver::Node& n = add_kernel_node(0xa, nullptr, 1);
  n.kernel.kern = handle<CUkernel>(0x10);
  add_graph(1, {0xa});
  const LogContents::Graph g = snapshot(1);
  EXPECT_EQ(g.nodes.at(0).kernel.kernel, 1u);
  EXPECT_EQ(log_.kernels.at(0).flags, trace::kKernelIsLibraryKernel);
}

TEST_F(GraphSnapshotTest, ChildGraphsFollowTheirNodeDepthFirst) {
  const CUfunction kernel = add_kernel(0x10, "gemm");
  add_kernel_node(0xa, kernel, 1);
  add_child_node(0xb, 2);
  add_node(0xc, CU_GRAPH_NODE_TYPE_MEMSET);
  add_graph(1, {0xa, 0xb, 0xc},
            {{node(0xa), node(0xb), {1, 0, 1, {}}}, {node(0xb), node(0xc), {}}});
  add_kernel_node(0xd, kernel, 2);
  add_child_node(0xe, 3);
  add_kernel_node(0xf, kernel, 3);
  add_graph(2, {0xd, 0xe, 0xf}, {{node(0xd), node(0xf), {}}});
  add_node(0x1a, CU_GRAPH_NODE_TYPE_MEMCPY);
  add_node(0x1b, CU_GRAPH_NODE_TYPE_EMPTY);
  add_graph(3, {0x1a, 0x1b}, {{node(0x1a), node(0x1b), {}}});
  const LogContents::Graph g = snapshot(1);
  EXPECT_EQ(handles(g), (std::vector<std::uint64_t>{0xa, 0xb, 0xd, 0xe, 0x1a, 0x1b, 0xf, 0xc}));
  EXPECT_EQ(parents(g),
            (std::vector<std::uint32_t>{kNoParent, kNoParent, 1, 1, 3, 3, 1, kNoParent}));
  std::map<std::pair<std::uint32_t, std::uint32_t>, trace::GraphEdge> edges;
  for (const trace::GraphEdge& e : g.edges) edges[{e.from, e.to}] = e;
  ASSERT_EQ(edges.size(), 4u);
  EXPECT_EQ(edges.count({4, 5}), 1u);
  EXPECT_EQ(edges.count({2, 6}), 1u);
  EXPECT_EQ(edges.count({1, 7}), 1u);
  ASSERT_EQ(edges.count({0, 1}), 1u);
  EXPECT_EQ((edges[{0, 1}].from_port), 1);
  EXPECT_EQ((edges[{0, 1}].to_port), 0);
  EXPECT_EQ((edges[{0, 1}].type), 1);
}

TEST_F(GraphSnapshotTest, EdgesOfADriverWithoutPorts) {
  api_.cuGraphGetEdges_v2 = nullptr;
  add_node(0xa, CU_GRAPH_NODE_TYPE_EMPTY);
  add_node(0xb, CU_GRAPH_NODE_TYPE_EMPTY);
  add_graph(1, {0xa, 0xb}, {{node(0xb), node(0xa), {3, 3, 3, {}}}});
  const LogContents::Graph g = snapshot(1);
  ASSERT_EQ(g.edges.size(), 1u);
  EXPECT_EQ(g.edges[0].from, 1u);
  EXPECT_EQ(g.edges[0].to, 0u);
  EXPECT_EQ(g.edges[0].from_port, 0);
}

TEST_F(GraphSnapshotTest, OtherNodesKeepTheDriversStructures) {
  FakeDriver::Node& copy = add_node(0xa, CU_GRAPH_NODE_TYPE_MEMCPY);
  copy.copy.WidthInBytes = 4096;
  FakeDriver::Node& set = add_node(0xb, CU_GRAPH_NODE_TYPE_MEMSET);
  set.set.dst = 0x7000;
  set.set.width = 12;
  FakeDriver::Node& wait = add_node(0xc, CU_GRAPH_NODE_TYPE_WAIT_EVENT);
  wait.event = handle<CUevent>(0xef);
  add_graph(1, {0xa, 0xb, 0xc});
  const LogContents::Graph g = snapshot(1);
  ASSERT_EQ(g.nodes.size(), 3u);
  EXPECT_EQ(params_as<CUDA_MEMCPY3D>(g.nodes[0]).WidthInBytes, 4096u);
  EXPECT_EQ(g.nodes[0].params.size(), sizeof(CUDA_MEMCPY3D));
  EXPECT_EQ(params_as<CUDA_MEMSET_NODE_PARAMS>(g.nodes[1]).dst, 0x7000u);
  EXPECT_EQ(params_as<CUevent>(g.nodes[2]), handle<CUevent>(0xef));
  for (const LogContents::Node& n : g.nodes) EXPECT_EQ(n.fixed.flags, 0);
}

TEST_F(GraphSnapshotTest, BatchNodeIsFollowedByItsOperations) {
  CUstreamBatchMemOpParams operations[2];
  std::memset(operations, 0, sizeof operations);
  operations[1].writeValue.value = 99;
  FakeDriver::Node& n = add_node(0xa, CU_GRAPH_NODE_TYPE_BATCH_MEM_OP);
  n.batch.count = 2;
  n.batch.paramArray = operations;
  add_graph(1, {0xa});
  const LogContents::Graph g = snapshot(1);
  ASSERT_EQ(g.nodes.size(), 1u);
  ASSERT_EQ(g.nodes[0].params.size(), sizeof(CUDA_BATCH_MEM_OP_NODE_PARAMS) + sizeof operations);
  EXPECT_EQ(std::memcmp(g.nodes[0].params.data() + sizeof(CUDA_BATCH_MEM_OP_NODE_PARAMS),
                        operations, sizeof operations),
            0);
}

TEST_F(GraphSnapshotTest, HostFunctionIsADeviation) {
  add_node(0xa, CU_GRAPH_NODE_TYPE_HOST);
  add_graph(1, {0xa});
  const LogContents::Graph g = snapshot(1);
  EXPECT_EQ(params_as<CUDA_HOST_NODE_PARAMS>(g.nodes.at(0)).userData, handle<void*>(0x77));
  EXPECT_EQ(log_.deviation_texts(Deviation::HostFunction).size(), 1u);
}

TEST_F(GraphSnapshotTest, UnreadableNodesAreMarked) {
  add_kernel_node(0xa, add_kernel(0x10, "gemm"), 1).readable = false;
  add_node(0xb, CU_GRAPH_NODE_TYPE_MEMCPY).readable = false;
  add_node(0xc, CU_GRAPH_NODE_TYPE_EXT_SEMAS_SIGNAL);
  add_node(0xd, CU_GRAPH_NODE_TYPE_GRAPH).readable = false;
  add_node(0xe, static_cast<CUgraphNodeType>(15));
  add_graph(1, {0xa, 0xb, 0xc, 0xd, 0xe, 0xf});  // and one whose type is not told
  const LogContents::Graph g = snapshot(1);
  ASSERT_EQ(g.nodes.size(), 6u);
  for (const LogContents::Node& n : g.nodes) {
    EXPECT_EQ(n.fixed.flags, trace::kNodeParamsUnknown) << n.fixed.handle;
    EXPECT_TRUE(n.params.empty());
  }
  EXPECT_EQ(g.nodes[4].fixed.type, 15);
  EXPECT_EQ(log_.deviation_texts(Deviation::GraphUnreadable).size(), 1u);
}

TEST_F(GraphSnapshotTest, DriverThatCanNotReadNodesBack) {
  api_.cuGraphKernelNodeGetParams_v2 = nullptr;
  api_.cuGraphMemcpyNodeGetParams = nullptr;
  api_.cuGraphKernelNodeGetAttribute = nullptr;
  add_kernel_node(0xa, add_kernel(0x10, "gemm"), 1);
  add_node(0xb, CU_GRAPH_NODE_TYPE_MEMCPY);
  add_graph(1, {0xa, 0xb});
  const LogContents::Graph g = snapshot(1);
  ASSERT_EQ(g.nodes.size(), 2u);
  EXPECT_EQ(g.nodes[0].fixed.flags, trace::kNodeParamsUnknown);
  EXPECT_EQ(g.nodes[1].fixed.flags, trace::kNodeParamsUnknown);
}

TEST_F(GraphSnapshotTest, AttributesThatCanNotBeAskedAreLeftOut) {
  api_.cuGraphKernelNodeGetAttribute = nullptr;
  add_kernel_node(0xa, add_kernel(0x10, "gemm"), 5)
      .attributes[CU_LAUNCH_ATTRIBUTE_PRIORITY]
      .priority = 1;
  add_graph(1, {0xa});
  const LogContents::Graph g = snapshot(1);
  EXPECT_EQ(g.nodes.at(0).fixed.flags, 0);
  EXPECT_TRUE(g.nodes.at(0).attributes.empty());
  EXPECT_EQ(param(g.nodes.at(0)), 5u);
}

TEST_F(GraphSnapshotTest, GraphThatTheDriverDoesNotKnow) {
  const LogContents::Graph g = snapshot(1);
  EXPECT_TRUE(g.nodes.empty());
}

TEST_F(GraphSnapshotTest, BodiesOfConditionalNodes) {
  const CUfunction kernel = add_kernel(0x10, "gemm");
  add_node(0xa, CU_GRAPH_NODE_TYPE_CONDITIONAL);
  add_kernel_node(0xb, kernel, 1);
  add_graph(1, {0xa, 0xb});
  add_kernel_node(0x1a, kernel, 2);
  add_child_node(0x1b, 4);
  add_graph(2, {0x1a, 0x1b});  // then
  add_kernel_node(0x2a, kernel, 3);
  add_graph(3, {0x2a});  // else
  add_kernel_node(0x3a, kernel, 4);
  add_graph(4, {0x3a});
  CUgraph bodies[] = {graph(2), graph(3)};
  CUDA_CONDITIONAL_NODE_PARAMS params{};
  params.size = 2;
  params.phGraph_out = bodies;
  graphs().conditional_added(node(0xa), params);
  const LogContents::Graph g = snapshot(1);
  EXPECT_EQ(handles(g), (std::vector<std::uint64_t>{0xa, 0x1a, 0x1b, 0x3a, 0x2a, 0xb}));
  EXPECT_EQ(parents(g), (std::vector<std::uint32_t>{kNoParent, 0, 0, 2, 0, kNoParent}));
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    const bool in_body = i >= 1 && i <= 4;
    EXPECT_EQ(g.nodes[i].fixed.flags, in_body ? trace::kNodeConditionalBody : 0) << i;
  }
  EXPECT_EQ(log_.deviation_texts(Deviation::ConditionalGraph).size(), 1u);
}

TEST_F(GraphSnapshotTest, ConditionalNodeWhoseBodiesWereNotSeen) {
  add_node(0xa, CU_GRAPH_NODE_TYPE_CONDITIONAL);
  add_graph(1, {0xa});
  graphs().conditional_added(node(0xb), {});  // an older driver, which has no array
  const LogContents::Graph g = snapshot(1);
  EXPECT_EQ(g.nodes.size(), 1u);
  EXPECT_EQ(log_.deviation_texts(Deviation::ConditionalGraph).size(), 1u);
}

}  // namespace
}  // namespace fib::recorder
