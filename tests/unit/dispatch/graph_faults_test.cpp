// SPDX-License-Identifier: Apache-2.0
//
// Every driver call that redirection in graphs makes fails once: the engine must not notice.
#include <set>

#include "tests/unit/dispatch/graphs_test.h"

namespace fib::dispatch::testing {
namespace {

using driver::Api;

/// The call of ours that fails, counted over all that are watched; 0: none.
int g_countdown = 0;
Api g_failed = Api::Count;

template <Api A, class Function = typename driver::Entry<A>::Function>
struct Faulty;
template <Api A, class... Args>
struct Faulty<A, CUresult (*)(Args...)> {
  static inline CUresult (*real)(Args...) = nullptr;
  static CUresult call(Args... args) {
    if (g_countdown > 0 && --g_countdown == 0) {
      g_failed = A;
      return CUDA_ERROR_OUT_OF_MEMORY;
    }
    return real(args...);
  }
  static void watch(driver::DriverApi& api) {
    real = api.*driver::Entry<A>::kMember;
    api.*driver::Entry<A>::kMember = &call;
  }
};

template <Api... All>
void watch(driver::DriverApi& api) {
  (Faulty<All>::watch(api), ...);
}

class GraphFaultsTest : public GraphsTest {
 protected:
  void SetUp() override {
    GraphsTest::SetUp();
    watch<Api::cuGraphGetNodes, Api::cuGraphNodeGetType, Api::cuGraphChildGraphNodeGetGraph,
          Api::cuGraphKernelNodeGetParams_v2, Api::cuGraphKernelNodeGetAttribute,
          Api::cuGraphKernelNodeSetAttribute, Api::cuGraphGetEdges_v2, Api::cuGraphClone,
          Api::cuGraphNodeFindInClone, Api::cuKernelGetFunction, Api::cuGraphKernelNodeSetParams_v2,
          Api::cuGraphExecKernelNodeSetParams_v2, Api::cuGraphExecUpdate_v2, Api::cuCtxGetCurrent,
          Api::cuCtxPushCurrent_v2, Api::cuThreadExchangeStreamCaptureMode>(api_);
    CUgraphNode child = nullptr;
    std::size_t count = 1;
    const CUgraph inside = new_graph();
    add(inside, AddNode(engine_add_, x_, z_, kN).params);
    node_ = add_engine(graph_);
    ASSERT_EQ(cuGraphAddChildGraphNode(&child, graph_, &node_, 1, inside), CUDA_SUCCESS);
    CUgraph embedded = nullptr;
    ASSERT_EQ(cuGraphChildGraphNodeGetGraph(child, &embedded), CUDA_SUCCESS);
    ASSERT_EQ(cuGraphGetNodes(embedded, &inner_, &count), CUDA_SUCCESS);
  }
  void TearDown() override {
    g_countdown = 0;
    GraphsTest::TearDown();
  }

  /// A dispatcher that has demoted nothing yet.
  void start_over(unsigned cluster) {
    graphs_.reset();
    dispatcher_ = std::make_unique<Dispatcher>(options_, api_);
    dispatcher_->primary_appeared(0, context_);
    match::TableSpec spec = graph_spec("add_100");
    if (cluster != 0) spec.candidates[0].launch.kernels[0].cluster = {std::to_string(cluster)};
    ASSERT_TRUE(dispatcher_->install(deployment_of(spec)));
    graphs_ = std::make_unique<Graphs>(*dispatcher_);
  }
  /// Whatever failed, either the engine's kernel ran or the candidate.
  void expect_sum(CUgraphExec exec, CUdeviceptr where) {
    const float value = run(exec, where);
    EXPECT_TRUE(value == 1 || value == 100) << value;
  }
  void expect_original(CUgraphExec exec) {
    (void)run(exec);  // here the way back may have failed
    EXPECT_EQ(run(exec), 1);
    EXPECT_EQ(run(exec, z_), 1);
  }
  /// All that an engine does, with every result as it would be without us.
  void live_through(bool by_nodes) {
    const CUgraphExec exec = instantiate(graph_);
    expect_sum(exec, y_);
    expect_sum(exec, z_);
    if (by_nodes) {
      EXPECT_EQ(set_size(exec, node_, kMiss), CUDA_SUCCESS);
      EXPECT_EQ(run(exec), 1);
      EXPECT_EQ(set(exec, inner_, AddNode(engine_add_, x_, z_, kN).params), CUDA_SUCCESS);
      EXPECT_EQ(set_enabled(exec, node_, false), CUDA_SUCCESS);
      EXPECT_EQ(run(exec), -1);
      EXPECT_EQ(set_enabled(exec, node_, true), CUDA_SUCCESS);
      EXPECT_EQ(set_size(exec, node_, kN), CUDA_SUCCESS);
    } else {
      EXPECT_EQ(update(exec, graph_), CUDA_SUCCESS);
    }
    expect_sum(exec, y_);
    dispatcher_->switch_off();
    expect_original(exec);
    dispatcher_->switch_on();
    expect_sum(exec, y_);
    (void)dispatcher_->demote("add_100", "a test says so");
    expect_original(exec);
    EXPECT_EQ(update(exec, graph_), CUDA_SUCCESS);
    expect_original(exec);
    EXPECT_EQ(destroy(exec), CUDA_SUCCESS);
    EXPECT_EQ(graphs_->size(), 0u);
  }
  /// As often as there is another call that can fail.
  void fail_everywhere(bool by_nodes, unsigned cluster) {
    std::set<Api> failed;
    for (int nth = 1;; ++nth) {
      start_over(cluster);
      g_countdown = nth;
      g_failed = Api::Count;
      live_through(by_nodes);
      if (HasFailure()) {
        ADD_FAILURE() << "call " << nth << ", " << driver::info(g_failed).name;
        return;
      }
      if (g_failed == Api::Count) break;
      failed.insert(g_failed);
    }
    EXPECT_GT(failed.size(), 8u) << "not all steps were reached";
  }

  CUgraphNode node_ = nullptr, inner_ = nullptr;
};

TEST_F(GraphFaultsTest, UpdatedNodeByNode) { fail_everywhere(true, 0); }
TEST_F(GraphFaultsTest, UpdatedAsAWhole) { fail_everywhere(false, 0); }
TEST_F(GraphFaultsTest, WithClustersUpdatedNodeByNode) { fail_everywhere(true, 2); }
TEST_F(GraphFaultsTest, WithClustersUpdatedAsAWhole) { fail_everywhere(false, 2); }

TEST_F(GraphFaultsTest, ADriverWithoutTheCallsLeavesGraphsAlone) {
  start_over(0);
  api_.cuGraphNodeFindInClone = [](CUgraphNode*, CUgraphNode, CUgraph) {
    return CUDA_ERROR_NOT_SUPPORTED;
  };
  EXPECT_EQ(run(instantiate(graph_)), 1);
  api_.cuGraphClone = [](CUgraph*, CUgraph) { return CUDA_ERROR_NOT_SUPPORTED; };
  EXPECT_EQ(run(instantiate(graph_)), 1);
}

}  // namespace
}  // namespace fib::dispatch::testing
