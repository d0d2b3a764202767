// SPDX-License-Identifier: Apache-2.0
//
// What the driver writes and returns when a graph is instantiated: never anything of our clone.
#include <cstring>

#include "tests/unit/dispatch/graphs_test.h"

namespace fib::dispatch::testing {
namespace {

using match::Reason;
using GraphOutputsTest = GraphsTest;

TEST_F(GraphOutputsTest, OutputsSpeakOfTheEnginesGraph) {
  install_for_graphs("add_100");
  add_engine(graph_);
  // The driver refuses our clone with everything it can write, and takes the engine's graph.
  CUgraphExec exec = nullptr;
  CUgraphNode error_node = nullptr;
  char log[8] = "";
  CUDA_GRAPH_INSTANTIATE_PARAMS params{};
  int calls = 0;
  const auto call = [&](CUgraph graph) noexcept {
    if (++calls > 1) {
      EXPECT_EQ(graph, graph_);
      return cuGraphInstantiateWithFlags(&exec, graph, 0);
    }
    EXPECT_NE(graph, graph_);
    error_node = reinterpret_cast<CUgraphNode>(&calls);
    std::memcpy(log, "refused", 8);
    params.hErrNode_out = error_node;
    params.result_out = CUDA_GRAPH_INSTANTIATE_ERROR;
    exec = reinterpret_cast<CUgraphExec>(&calls);
    return CUDA_ERROR_INVALID_VALUE;
  };
  EXPECT_EQ(graphs_->instantiate({&exec, graph_, 0, call, &error_node, log, &params}),
            CUDA_SUCCESS);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(error_node, nullptr);
  EXPECT_STREQ(log, "");
  EXPECT_EQ(params.hErrNode_out, nullptr);
  EXPECT_EQ(params.result_out, CUDA_GRAPH_INSTANTIATE_SUCCESS);
  EXPECT_EQ(run(exec), 1);
  EXPECT_EQ(counted(Reason::GraphShape), 1u);
}

TEST_F(GraphOutputsTest, ErrorsAreTheDrivers) {
  install_for_graphs("add_100");
  const CUgraphNode one = add_engine(graph_), two = add_engine(graph_);
  ASSERT_EQ(cuGraphAddDependencies(graph_, &one, &two, 1), CUDA_SUCCESS);
  ASSERT_EQ(cuGraphAddDependencies(graph_, &two, &one, 1), CUDA_SUCCESS);
  CUgraphExec exec = nullptr;
  const auto call = [&](CUgraph graph) noexcept {
    return cuGraphInstantiateWithFlags(&exec, graph, 0);
  };
  EXPECT_EQ(graphs_->instantiate({&exec, graph_, 0, call}), CUDA_ERROR_INVALID_VALUE) << "a cycle";
  EXPECT_EQ(graphs_->instantiate({&exec, nullptr, 0, call}), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(graphs_->instantiate({nullptr, graph_, 0,
                                  [&](CUgraph graph) noexcept {
                                    return cuGraphInstantiateWithFlags(nullptr, graph, 0);
                                  }}),
            CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(graphs_->size(), 0u);
}

}  // namespace
}  // namespace fib::dispatch::testing
