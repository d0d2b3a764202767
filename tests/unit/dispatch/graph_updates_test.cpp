// SPDX-License-Identifier: Apache-2.0
//
// Graph executables that the engine changes: node by node, as a whole, and both.
#include <cstring>

#include "tests/unit/dispatch/graphs_test.h"

namespace fib::dispatch::testing {
namespace {

using match::Reason;

class GraphUpdatesTest : public GraphsTest {
 protected:
  void SetUp() override {
    GraphsTest::SetUp();
    install_for_graphs("add_100");
    node_ = add_engine(graph_);
  }

  CUgraphNode node_ = nullptr;
};

TEST_F(GraphUpdatesTest, NodesAreDecidedAnew) {
  const CUgraphExec exec = instantiate(graph_);
  EXPECT_EQ(run(exec), 100);
  ASSERT_EQ(set(exec, node_, AddNode(engine_add_, x_, z_, kN).params), CUDA_SUCCESS);
  EXPECT_EQ(run(exec, z_), 100);
  ASSERT_EQ(set_size(exec, node_, kMiss), CUDA_SUCCESS);
  EXPECT_EQ(run(exec), 1);
  ASSERT_EQ(set(exec, node_, AddNode(engine_other_, x_, y_, kN).params), CUDA_SUCCESS);
  EXPECT_EQ(run(exec), 2);
  ASSERT_EQ(set_size(exec, node_, kN), CUDA_SUCCESS);
  EXPECT_EQ(run(exec), 100);
  dispatcher_->switch_off();
  EXPECT_EQ(run(exec), 1);
  EXPECT_EQ(in_graphs("add_100"), 3u);
}

TEST_F(GraphUpdatesTest, AnyFormOfTheCall) {
  const CUgraphExec exec = instantiate(graph_);
  const AddNode to_z(engine_add_, x_, z_, kN);
  CUgraphNodeParams params{};
  params.type = CU_GRAPH_NODE_TYPE_KERNEL;
  std::memcpy(&params.kernel, &to_z.params, sizeof to_z.params);
  EXPECT_EQ(graphs_->set_kernel(exec, node_, to_z.params,
                                [&](CUgraphNode other) noexcept {
                                  return cuGraphExecNodeSetParams(exec, other, &params);
                                }),
            CUDA_SUCCESS);
  EXPECT_EQ(run(exec, z_), 100);
}

TEST_F(GraphUpdatesTest, ErrorsOfNodeUpdatesAreTheDrivers) {
  const CUgraphExec exec = instantiate(graph_);
  AddNode wrong(engine_add_, x_, z_, kN);
  wrong.params.blockDimX = 4096;  // the candidate's block would be fine
  EXPECT_EQ(set(exec, node_, wrong.params), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(run(exec), 100);
  const CUgraph other = new_graph();
  const CUgraphNode foreign = add_engine(other);
  EXPECT_EQ(set_size(exec, foreign, kN), CUDA_ERROR_INVALID_VALUE);
  ASSERT_EQ(cuGraphDestroy(graph_), CUDA_SUCCESS);
  EXPECT_EQ(set_size(exec, node_, kN), CUDA_ERROR_INVALID_VALUE) << "its graph is gone";
  EXPECT_EQ(run(exec), 100);
}

TEST_F(GraphUpdatesTest, NodesOfOtherKindsAndTheSwitchOfNodes) {
  CUDA_MEMSET_NODE_PARAMS fill{};
  fill.dst = z_;
  fill.elementSize = 4;
  fill.value = 0x3f800000;  // 1.0f
  fill.width = fill.height = 1;
  CUgraphNode memset_node = nullptr;
  ASSERT_EQ(cuGraphAddMemsetNode(&memset_node, graph_, nullptr, 0, &fill, context_), CUDA_SUCCESS);
  const CUgraphExec exec = instantiate(graph_);
  EXPECT_EQ(run(exec, z_), 1);
  fill.value = 0x40000000;  // 2.0f
  EXPECT_EQ(graphs_->set_other(exec, memset_node,
                               [&](CUgraphNode other) noexcept {
                                 return cuGraphExecMemsetNodeSetParams(exec, other, &fill,
                                                                       context_);
                               }),
            CUDA_SUCCESS);
  EXPECT_EQ(run(exec, z_), 2);
  ASSERT_EQ(set_enabled(exec, node_, false), CUDA_SUCCESS);
  EXPECT_EQ(run(exec), -1);
  unsigned int enabled = 1;
  EXPECT_EQ(graphs_->ask(exec, node_,
                         [&](CUgraphNode other) noexcept {
                           return cuGraphNodeGetEnabled(exec, other, &enabled);
                         }),
            CUDA_SUCCESS);
  EXPECT_EQ(enabled, 0u);
  dispatcher_->switch_off();
  EXPECT_EQ(run(exec), -1) << "still disabled";
  ASSERT_EQ(set_enabled(exec, node_, true), CUDA_SUCCESS);
  EXPECT_EQ(run(exec), 1);
}

TEST_F(GraphUpdatesTest, NodesOfChildGraphs) {
  const CUgraph outer = new_graph();
  CUgraphNode child = nullptr, inner = nullptr;
  CUgraph embedded = nullptr;
  std::size_t count = 1;
  ASSERT_EQ(cuGraphAddChildGraphNode(&child, outer, nullptr, 0, graph_), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphChildGraphNodeGetGraph(child, &embedded), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphGetNodes(embedded, &inner, &count), CUDA_SUCCESS);
  const CUgraphExec exec = instantiate(outer);
  EXPECT_EQ(run(exec), 100);
  ASSERT_EQ(set_size(exec, inner, kMiss), CUDA_SUCCESS);
  EXPECT_EQ(run(exec), 1);
  ASSERT_EQ(set_size(exec, inner, kN), CUDA_SUCCESS);
  EXPECT_EQ(run(exec), 100);
  const CUgraph next = new_graph();
  add(next, AddNode(engine_other_, x_, y_, kN).params);
  EXPECT_EQ(graphs_->set_child(exec, child,
                               [&](CUgraphNode other) noexcept {
                                 return cuGraphExecChildGraphNodeSetParams(exec, other, next);
                               }),
            CUDA_SUCCESS);
  EXPECT_EQ(run(exec), 2);
  dispatcher_->switch_off();
  EXPECT_EQ(run(exec), 2) << "what it held before is not written back";
}

TEST_F(GraphUpdatesTest, AsAWhole) {
  const CUgraphExec exec = instantiate(graph_);
  const CUgraph other = new_graph();
  add(other, AddNode(engine_add_, x_, z_, kN).params);
  ASSERT_EQ(update(exec, other), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphDestroy(graph_), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphDestroy(other), CUDA_SUCCESS);
  EXPECT_EQ(run(exec, z_), 100);
  const CUgraph miss = new_graph();
  add_engine(miss, kMiss);
  ASSERT_EQ(update(exec, miss), CUDA_SUCCESS);
  EXPECT_EQ(run(exec), 1);
  const CUgraph hit = new_graph();
  add_engine(hit);
  ASSERT_EQ(update(exec, hit), CUDA_SUCCESS);
  EXPECT_EQ(run(exec), 100);
  dispatcher_->switch_off();
  EXPECT_EQ(run(exec), 1);
  dispatcher_->switch_on();
  EXPECT_EQ(run(exec), 100);
}

TEST_F(GraphUpdatesTest, AsAWholeOfWhatHadNoCandidate) {
  const CUgraph miss = new_graph();
  const CUgraphNode node = add_engine(miss, kMiss);
  const CUgraphExec exec = instantiate(miss);
  EXPECT_EQ(graphs_->size(), 0u);
  ASSERT_EQ(update(exec, graph_), CUDA_SUCCESS);
  EXPECT_EQ(run(exec), 100);
  EXPECT_EQ(graphs_->size(), 1u);
  ASSERT_EQ(set(exec, node, AddNode(engine_other_, x_, z_, kN).params), CUDA_SUCCESS);
  EXPECT_EQ(run(exec, z_), 2) << "the engine's own node is the executable's";
  ASSERT_EQ(destroy(exec), CUDA_SUCCESS);
  EXPECT_EQ(graphs_->size(), 0u);
}

TEST_F(GraphUpdatesTest, BothWaysGoBackToTheOriginalsForGood) {
  const CUgraphNode second = add(graph_, AddNode(engine_add_, x_, z_, kN).params);
  const CUgraphExec exec = instantiate(graph_);
  ASSERT_EQ(set_size(exec, node_, kN), CUDA_SUCCESS);
  ASSERT_EQ(update(exec, graph_), CUDA_SUCCESS);
  EXPECT_EQ(run(exec), 100);
  ASSERT_EQ(set_size(exec, node_, kN), CUDA_SUCCESS);
  EXPECT_EQ(run(exec), 1);
  EXPECT_EQ(run(exec, z_), 1);
  ASSERT_EQ(set(exec, second, AddNode(engine_other_, x_, z_, kN).params), CUDA_SUCCESS);
  EXPECT_EQ(run(exec, z_), 2);
  ASSERT_EQ(update(exec, graph_), CUDA_SUCCESS);
  EXPECT_EQ(run(exec), 1);
}

TEST_F(GraphUpdatesTest, ErrorsOfUpdatesSpeakOfTheEnginesNodes) {
  const CUgraphExec exec = instantiate(graph_);
  const CUgraph other = new_graph();
  add_engine(other);
  const CUgraphNode extra = add(other, AddNode(engine_add_, x_, z_, kN).params);
  CUgraphExecUpdateResultInfo info{};
  EXPECT_EQ(update(exec, other, info), CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE);
  EXPECT_EQ(info.result, CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED);
  EXPECT_EQ(info.errorNode, extra);
  EXPECT_EQ(run(exec), 100) << "as it was";
  dispatcher_->switch_off();
  EXPECT_EQ(run(exec), 1);
}

TEST_F(GraphUpdatesTest, AnUpdateThatOurCloneFailsIsMadeAsItCame) {
  const CUgraphExec exec = instantiate(graph_);
  CUgraphExecUpdateResultInfo info{};
  int calls = 0;
  const auto call = [&](CUgraph graph) noexcept {
    if (++calls == 1) {
      info.errorNode = reinterpret_cast<CUgraphNode>(&calls);
      return CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE;
    }
    EXPECT_EQ(graph, graph_);
    EXPECT_EQ(info.errorNode, nullptr);
    return cuGraphExecUpdate_v2(exec, graph, &info);
  };
  EXPECT_EQ(graphs_->update({exec, graph_, call, nullptr, nullptr, &info}), CUDA_SUCCESS);
  EXPECT_EQ(run(exec), 1);
  EXPECT_EQ(counted(Reason::GraphShape), 1u);
}

TEST_F(GraphUpdatesTest, ClustersThatWereAddedDoNotStandInTheWay) {
  match::TableSpec spec = graph_spec("add_100");
  spec.candidates[0].launch.kernels[0].cluster = {"2"};
  ASSERT_TRUE(dispatcher_->install(deployment_of(spec)));
  const CUgraphExec exec = instantiate(graph_);
  EXPECT_EQ(run(exec), 100);
  ASSERT_EQ(set_size(exec, node_, kMiss), CUDA_SUCCESS) << "back to the originals first";
  EXPECT_EQ(run(exec), 1);
  const CUgraphExec another = instantiate(graph_);
  ASSERT_EQ(update(another, graph_), CUDA_SUCCESS);
  EXPECT_EQ(run(another), 1) << "updates add no attributes";
}

}  // namespace
}  // namespace fib::dispatch::testing
