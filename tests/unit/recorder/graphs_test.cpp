// SPDX-License-Identifier: Apache-2.0
//
// What becomes of an executable graph: updates, new parameters, reuse of its handle.
#include "recorder/graphs.h"

#include <cstring>

#include "graph_fixture.h"

namespace fib::recorder {
namespace {

using test::handle;
using test::LogContents;
using trace::Deviation;

class GraphsTest : public test::GraphTest {
 protected:
  /// Graph `number`: a kernel node, a child node of graph number + 1 with two kernels, a kernel
  /// node. Nodes are `first` .. `first` + 4, their parameters `param` .. `param` + 3.
  void add_nested(std::uintptr_t number, std::uintptr_t first, std::uint64_t param) {
    const CUfunction kernel = add_kernel(0x10, "gemm");
    add_kernel_node(first, kernel, param);
    add_child_node(first + 1, number + 1);
    add_kernel_node(first + 2, kernel, param + 1);
    add_kernel_node(first + 3, kernel, param + 2);
    add_kernel_node(first + 4, kernel, param + 3);
    add_graph(number, {first, first + 1, first + 4});
    add_graph(number + 1, {first + 2, first + 3});
  }
};

TEST_F(GraphsTest, NumbersExecutableGraphs) {
  add_graph(1, {});
  graphs().instantiated(exec(0xe0), graph(1), 0);
  graphs().instantiated(exec(0xe1), graph(1), 4);
  EXPECT_EQ(graphs().id_of(exec(0xe0)), 1u);
  EXPECT_EQ(graphs().id_of(exec(0xe1)), 2u);
  EXPECT_EQ(graphs().id_of(exec(0xe2)), 0u);
  EXPECT_EQ(graphs().id_of(nullptr), 0u);
  const LogContents log = finish_and_read();
  ASSERT_EQ(log.graphs.size(), 2u);
  EXPECT_EQ(log.graphs[1].fixed.flags, 4u);
  EXPECT_EQ(log.graphs[1].fixed.revision, 0u);
}

TEST_F(GraphsTest, UpdateIsARevisionThatKeepsTheNodesHandles) {
  add_nested(1, 0xa0, 10);
  add_nested(5, 0xb0, 20);
  graphs().instantiated(exec(0xe0), graph(1), 0);
  graphs().updated(exec(0xe0), graph(5));
  graphs().updated(exec(0xe0), graph(1));
  const LogContents log = finish_and_read();
  ASSERT_EQ(log.graphs.size(), 3u);
  const LogContents::Graph &before = log.graphs[0], &after = log.graphs[1];
  EXPECT_EQ(after.fixed.exec, before.fixed.exec);
  EXPECT_EQ(after.fixed.revision, 1u);
  EXPECT_EQ(log.graphs[2].fixed.revision, 2u);
  EXPECT_EQ(handles(after), handles(before));
  EXPECT_EQ(parents(after), parents(before));
  EXPECT_EQ(param(before.nodes[2]), 11u);
  EXPECT_EQ(param(after.nodes[2]), 21u);
}

TEST_F(GraphsTest, UpdateOfAGraphThatWasNotSeenIsItsFirstRevision) {
  add_nested(1, 0xa0, 10);
  graphs().updated(exec(0xe0), graph(1));
  ASSERT_TRUE(session().start());
  const LogContents log = finish_and_read();
  EXPECT_EQ(graphs().id_of(exec(0xe0)), 1u);
  EXPECT_EQ(log.graphs.at(0).fixed.revision, 0u);
  EXPECT_EQ(log.graphs.at(0).nodes.size(), 5u);
}

TEST_F(GraphsTest, NewParametersOfAKernelNode) {
  add_nested(1, 0xa0, 10);
  graphs().instantiated(exec(0xe0), graph(1), 0);
  graphs().kernel_node_set(exec(0xe0), node(0xa0), kernel_params(add_kernel(0x20, "gemv"), 99));
  const LogContents log = finish_and_read();
  ASSERT_EQ(log.updates.size(), 1u);
  EXPECT_EQ(log.updates[0].exec, 1u);
  EXPECT_EQ(log.updates[0].node.fixed.handle, 0xa0u);
  EXPECT_EQ(log.updates[0].node.kernel.kernel, log.kernels.back().fixed.kernel);
  EXPECT_EQ(log.kernels.back().name, "gemv");
  EXPECT_EQ(param(log.updates[0].node), 99u);
}

TEST_F(GraphsTest, NewParametersOfAKernelNodeByTheGeneralCall) {
  add_nested(1, 0xa0, 10);
  graphs().instantiated(exec(0xe0), graph(1), 0);
  const CUDA_KERNEL_NODE_PARAMS kernel = kernel_params(add_kernel(0x10, "gemm"), 99);
  CUgraphNodeParams params{};
  params.type = CU_GRAPH_NODE_TYPE_KERNEL;
  std::memcpy(&params.kernel, &kernel, sizeof kernel);
  graphs().node_set(exec(0xe0), node(0xa0), params);
  const LogContents log = finish_and_read();
  ASSERT_EQ(log.updates.size(), 1u);
  EXPECT_EQ(param(log.updates[0].node), 99u);
}

TEST_F(GraphsTest, NewParametersOfAnotherNode) {
  add_node(0xa0, CU_GRAPH_NODE_TYPE_MEMSET);
  add_graph(1, {0xa0});
  graphs().instantiated(exec(0xe0), graph(1), 0);
  CUgraphNodeParams params{};
  params.type = CU_GRAPH_NODE_TYPE_MEMSET;
  params.memset.dst = 0x7777;
  graphs().node_set(exec(0xe0), node(0xa0), params);
  const LogContents log = finish_and_read();
  ASSERT_EQ(log.updates.size(), 1u);
  EXPECT_EQ(log.updates[0].node.fixed.type, CU_GRAPH_NODE_TYPE_MEMSET);
  EXPECT_EQ(params_as<CUDA_MEMSET_NODE_PARAMS_v2>(log.updates[0].node).dst, 0x7777u);
}

TEST_F(GraphsTest, NewChildGraphUpdatesAllDescendants) {
  add_nested(1, 0xa0, 10);
  add_nested(5, 0xb0, 20);
  graphs().instantiated(exec(0xe0), graph(1), 0);
  graphs().child_set(exec(0xe0), node(0xa1), graph(6));
  const LogContents log = finish_and_read();
  ASSERT_EQ(log.updates.size(), 2u);
  EXPECT_EQ(log.updates[0].node.fixed.handle, 0xa2u);
  EXPECT_EQ(param(log.updates[0].node), 21u);
  EXPECT_EQ(log.updates[1].node.fixed.handle, 0xa3u);
  EXPECT_EQ(param(log.updates[1].node), 22u);
  EXPECT_TRUE(log.deviation_texts(Deviation::GraphUnreadable).empty());
}

TEST_F(GraphsTest, NewChildGraphByTheGeneralCall) {
  add_nested(1, 0xa0, 10);
  add_nested(5, 0xb0, 20);
  graphs().instantiated(exec(0xe0), graph(1), 0);
  CUgraphNodeParams params{};
  params.type = CU_GRAPH_NODE_TYPE_GRAPH;
  params.graph.graph = graph(6);
  graphs().node_set(exec(0xe0), node(0xa1), params);
  EXPECT_EQ(finish_and_read().updates.size(), 2u);
}

TEST_F(GraphsTest, NewChildGraphOfAnInnerChild) {
  const CUfunction kernel = add_kernel(0x10, "gemm");
  for (std::uintptr_t i = 0; i < 4; ++i) add_kernel_node(0xc0 + i, kernel, i);
  add_graph(3, {0xc0, 0xc1});
  add_child_node(0xb0, 3);
  add_graph(2, {0xb0, 0xc2});
  add_child_node(0xa0, 2);
  add_graph(1, {0xa0, 0xc3});  // flat: a0 b0 c0 c1 c2 c3
  graphs().instantiated(exec(0xe0), graph(1), 0);
  add_kernel_node(0xd0, kernel, 50);
  add_kernel_node(0xd1, kernel, 51);
  add_graph(4, {0xd0, 0xd1});
  graphs().child_set(exec(0xe0), node(0xb0), graph(4));
  const LogContents log = finish_and_read();
  ASSERT_EQ(log.updates.size(), 2u);
  EXPECT_EQ(log.updates[0].node.fixed.handle, 0xc0u);
  EXPECT_EQ(log.updates[1].node.fixed.handle, 0xc1u);
  EXPECT_EQ(param(log.updates[1].node), 51u);
}

TEST_F(GraphsTest, NewChildGraphInAnUnknownGraphIsSaid) {
  add_nested(5, 0xb0, 20);
  ASSERT_TRUE(session().start());
  graphs().child_set(exec(0xe0), node(0xa1), graph(6));
  const LogContents log = finish_and_read();
  EXPECT_TRUE(log.updates.empty());
  EXPECT_EQ(log.deviation_texts(Deviation::GraphUnreadable).size(), 1u);
}

TEST_F(GraphsTest, DestroyedGraphIsForgotten) {
  add_graph(1, {});
  graphs().instantiated(exec(0xe0), graph(1), 0);
  graphs().destroying(exec(0xe0));
  graphs().destroying(exec(0xe1));
  EXPECT_EQ(graphs().id_of(exec(0xe0)), 0u);
  graphs().instantiated(exec(0xe0), graph(1), 0);
  EXPECT_EQ(graphs().id_of(exec(0xe0)), 2u);
}

TEST_F(GraphsTest, HandleThatComesBackUnseenIsANewGraph) {
  add_nested(1, 0xa0, 10);
  add_nested(5, 0xb0, 20);
  graphs().instantiated(exec(0xe0), graph(1), 0);
  graphs().instantiated(exec(0xe0), graph(5), 0);
  const LogContents log = finish_and_read();
  ASSERT_EQ(log.graphs.size(), 2u);
  EXPECT_EQ(log.graphs[1].fixed.exec, 2u);
  EXPECT_EQ(log.graphs[1].fixed.revision, 0u);
  EXPECT_EQ(log.graphs[1].nodes[0].fixed.handle, 0xb0u);
}

TEST_F(GraphsTest, GraphThatKernelsMayLaunchIsADeviation) {
  add_graph(1, {});
  graphs().instantiated(exec(0xe0), graph(1), CUDA_GRAPH_INSTANTIATE_FLAG_DEVICE_LAUNCH);
  EXPECT_EQ(finish_and_read().deviation_texts(Deviation::DeviceGraphLaunch).size(), 1u);
}

TEST_F(GraphsTest, GraphThatDoesNotFitIsSaid) {
  options_.definition_bytes = 256 * 1024;
  const CUfunction kernel = add_kernel(0x10, "gemm");
  std::vector<std::uintptr_t> nodes;
  for (std::uintptr_t i = 0; i < 4000; ++i) {
    add_kernel_node(0x1000 + i, kernel, i);
    nodes.push_back(0x1000 + i);
  }
  add_graph(1, nodes);
  graphs().instantiated(exec(0xe0), graph(1), 0);
  add_graph(2, {});
  graphs().instantiated(exec(0xe1), graph(2), 0);
  const LogContents log = finish_and_read();
  ASSERT_EQ(log.graphs.size(), 1u);
  EXPECT_EQ(log.graphs[0].fixed.exec, 2u);
  EXPECT_EQ(log.deviation_texts(Deviation::DefinitionDropped).size(), 1u);
}

}  // namespace
}  // namespace fib::recorder
