// SPDX-License-Identifier: Apache-2.0
//
// Graph executables after demotions, the switch and reloads; many of them, and many threads.
#include <thread>

#include "tests/unit/dispatch/call_counter.h"
#include "tests/unit/dispatch/graphs_test.h"

namespace fib::dispatch::testing {
namespace {

using driver::Api;

class GraphChangesTest : public GraphsTest {
 protected:
  void SetUp() override {
    GraphsTest::SetUp();
    install_for_graphs("add_100");
    node_ = add_engine(graph_);
  }

  CUgraphNode node_ = nullptr;
};

TEST_F(GraphChangesTest, DemotionTakesEffectAtTheNextLaunch) {
  const CUgraphExec exec = instantiate(graph_), idle = instantiate(graph_);
  ASSERT_EQ(cuGraphDestroy(graph_), CUDA_SUCCESS);
  EXPECT_EQ(run(exec), 100);
  ASSERT_TRUE(dispatcher_->demote("add_100", "a test says so"));
  EXPECT_EQ(run(exec), 1);
  EXPECT_EQ(run(exec), 1);
  EXPECT_EQ(run(idle), 1);
}

TEST_F(GraphChangesTest, TheSwitchWorksBothWays) {
  const CUgraphExec exec = instantiate(graph_);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(run(exec), 100);
    dispatcher_->switch_off();
    EXPECT_EQ(run(exec), 1);
    dispatcher_->switch_on();
  }
  dispatcher_->switch_off();
  EXPECT_EQ(run(instantiate(graph_)), 1);
}

TEST_F(GraphChangesTest, AReloadRemovesAndReplaces) {
  const CUgraphExec exec = instantiate(graph_);
  EXPECT_EQ(run(exec), 100);
  install_for_graphs("add_100");
  EXPECT_EQ(run(exec), 100) << "the same candidate";
  EXPECT_EQ(in_graphs("add_100"), 1u) << "nothing was written";
  install_for_graphs("add_200");
  EXPECT_EQ(run(exec), 100) << "it is still there, and may be used";
  install_for_graphs("add_200", "second");
  EXPECT_EQ(run(exec), 200) << "what it used is gone, so it was decided anew";
  match::TableSpec spec = graph_spec("add_200");
  spec.rules.clear();
  ASSERT_TRUE(dispatcher_->install(deployment_of(spec, "third")));
  EXPECT_EQ(run(exec), 1);
}

TEST_F(GraphChangesTest, AnUpdateBetweenLeavesTheNewParameters) {
  const CUgraphExec exec = instantiate(graph_);
  ASSERT_EQ(set(exec, node_, AddNode(engine_add_, x_, z_, kN).params), CUDA_SUCCESS);
  dispatcher_->switch_off();
  EXPECT_EQ(run(exec, z_), 1);
  ASSERT_EQ(set_size(exec, node_, kN), CUDA_SUCCESS);
  EXPECT_EQ(run(exec), 1);
  dispatcher_->switch_on();
  ASSERT_EQ(set_size(exec, node_, kN), CUDA_SUCCESS);
  EXPECT_EQ(run(exec), 100);
}

TEST_F(GraphChangesTest, ChangesWhileAnotherStreamCaptures) {
  const CUgraphExec exec = instantiate(graph_);
  CUstream capturing = nullptr;
  CUgraph captured = nullptr;
  ASSERT_EQ(cuStreamCreate(&capturing, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamBeginCapture_v2(capturing, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_SUCCESS);
  dispatcher_->captures().begun(capturing);
  dispatcher_->switch_off();
  EXPECT_EQ(launch_graph(exec), CUDA_SUCCESS);
  dispatcher_->switch_on();
  EXPECT_EQ(launch_graph(exec), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamEndCapture(capturing, &captured), CUDA_SUCCESS);
  dispatcher_->captures().maybe_ended(capturing);
  EXPECT_EQ(cuCtxSynchronize(), CUDA_SUCCESS);  // run() writes to what these launches write to
  EXPECT_EQ(run(exec), 100);
}

TEST_F(GraphChangesTest, ALaunchIntoACaptureIsTheOriginalFromThenOn) {
  const CUgraphExec exec = instantiate(graph_);
  CUstream capturing = nullptr;
  CUgraph captured = nullptr;
  ASSERT_EQ(cuStreamCreate(&capturing, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamBeginCapture_v2(capturing, CU_STREAM_CAPTURE_MODE_RELAXED), CUDA_SUCCESS);
  dispatcher_->captures().begun(capturing);
  EXPECT_EQ(run(exec), 100) << "another stream";
  graphs_->launching(exec, capturing);
  EXPECT_EQ(cuGraphLaunch(exec, capturing), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamEndCapture(capturing, &captured), CUDA_SUCCESS);
  dispatcher_->captures().maybe_ended(capturing);
  EXPECT_EQ(run(exec), 1);
}

TEST_F(GraphChangesTest, ADestroyedExecutableLeavesNothing) {
  const CallCounter<Api::cuGraphClone> clones(api_);
  const CallCounter<Api::cuGraphDestroy> destroyed(api_);
  for (int i = 0; i < 1000; ++i) {
    const CUgraphExec exec = instantiate(graph_);
    ASSERT_EQ(update(exec, graph_), CUDA_SUCCESS);
    if (i % 2 == 0) {
      ASSERT_EQ(update(exec, graph_), CUDA_SUCCESS);
    }
    ASSERT_EQ(graphs_->size(), 1u);
    ASSERT_EQ(destroy(exec), CUDA_SUCCESS);
  }
  EXPECT_EQ(graphs_->size(), 0u);
  EXPECT_EQ(clones.calls(), 2500);
  EXPECT_EQ(destroyed.calls(), 2500);
}

TEST_F(GraphChangesTest, AnExecutableThatTheDriverKeepsIsKept) {
  const CUgraphExec exec = instantiate(graph_);
  EXPECT_EQ(graphs_->destroy(exec, [] { return CUDA_ERROR_INVALID_VALUE; }),
            CUDA_ERROR_INVALID_VALUE);
  dispatcher_->switch_off();
  EXPECT_EQ(run(exec), 1);
}

TEST_F(GraphChangesTest, AnIdleLaunchAsksNothingOfTheDriver) {
  const CUgraphExec exec = instantiate(graph_), idle = instantiate(graph_);
  ASSERT_TRUE(dispatcher_->demote("add_100", "a test says so"));
  EXPECT_EQ(run(exec), 1);
  const CallCounter<Api::cuGraphExecKernelNodeSetParams_v2> sets(api_);
  const CallCounter<Api::cuThreadExchangeStreamCaptureMode> exchanges(api_);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(run(exec), 1);
  EXPECT_EQ(sets.calls(), 0);
  EXPECT_EQ(exchanges.calls(), 0);
  EXPECT_EQ(run(idle), 1);
  EXPECT_EQ(sets.calls(), 1);
}

TEST_F(GraphChangesTest, ThreadsWithExecutablesOfTheirOwn) {
  constexpr int kThreads = 8, kRounds = 150;
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      ASSERT_EQ(cuCtxSetCurrent(context_), CUDA_SUCCESS);
      CUstream stream = nullptr;
      const CUdeviceptr y = allocate();
      const CUgraph graph = new_graph();
      const CUgraphNode node = add(graph, AddNode(engine_add_, x_, y, kN).params);
      ASSERT_EQ(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
      for (int round = 0; round < kRounds; ++round) {
        const CUgraphExec exec = instantiate(graph);
        if (round % 3 == 0) {
          EXPECT_EQ(update(exec, graph), CUDA_SUCCESS);
        }
        for (int i = 0; i < 3; ++i) {
          graphs_->launching(exec, stream);
          EXPECT_EQ(cuGraphLaunch(exec, stream), CUDA_SUCCESS);
          if (i == 1) {
            EXPECT_EQ(set(exec, node, AddNode(engine_add_, x_, y, kN).params), CUDA_SUCCESS);
          }
        }
        float value = 0;
        EXPECT_EQ(cuStreamSynchronize(stream), CUDA_SUCCESS);
        EXPECT_EQ(cuMemcpyDtoH_v2(&value, y, sizeof value), CUDA_SUCCESS);
        EXPECT_TRUE(value == 1 || value == 100 || value == 200) << value;
        EXPECT_EQ(destroy(exec), CUDA_SUCCESS);
      }
    });
  std::thread control([&] {
    for (int i = 0; !done; ++i) {
      dispatcher_->switch_off();
      std::this_thread::yield();
      dispatcher_->switch_on();
      install_for_graphs(i % 2 == 0 ? "add_200" : "add_100", std::to_string(i));
    }
  });
  for (std::thread& thread : threads) thread.join();
  done = true;
  control.join();
  EXPECT_EQ(graphs_->size(), 0u);
}

}  // namespace
}  // namespace fib::dispatch::testing
