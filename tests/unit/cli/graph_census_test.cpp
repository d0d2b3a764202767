// SPDX-License-Identifier: Apache-2.0
//
// Which kernels did graph launches run? The rules are the driver's; the order of records is not.
#include "tests/unit/cli/synthetic_log.h"

namespace fib::cli {
namespace {

using testing::SyntheticLog;

constexpr std::uint64_t kExec = 0xe000;
constexpr std::uint16_t kChildGraph = 4, kConditional = 13;
const std::string kSetEnabledArgs = "hGraphExec hNode isEnabled";

std::uint64_t runs(const ProcessFacts& facts, std::uint32_t kernel) {
  const auto found = facts.kernels.find(kernel);
  return found != facts.kernels.end() ? found->second.graph : 0;
}

TEST(GraphCensus, CountsEveryKernelNodeOfEveryLaunch) {
  SyntheticLog log;
  log.kernel(1, "a").kernel(2, "b");
  log.graph(10, 1, 0, kExec, {{0xa, 1}, {0xb, 2}, {0xc, 1}, {0xd, 0}});
  log.graph_launch(0, 20, 1).graph_launch(0, 30, 1);
  const ProcessFacts facts = log.census();
  EXPECT_EQ(runs(facts, 1), 4u);
  EXPECT_EQ(runs(facts, 2), 2u);
  EXPECT_EQ(facts.executed(), 6u);
  ASSERT_EQ(facts.graphs.size(), 1u);
  EXPECT_EQ(facts.graphs[0].launches, 2u);
  EXPECT_EQ(facts.graphs[0].nodes, 4u);
  EXPECT_EQ(facts.graphs[0].kernel_nodes, 3u);
}

TEST(GraphCensus, FailedLaunchesRunNothing) {
  SyntheticLog log;
  log.graph(10, 1, 0, kExec, {{0xa, 1}}).graph_launch(0, 20, 1, 700);
  const ProcessFacts facts = log.census();
  EXPECT_EQ(runs(facts, 1), 0u);
  EXPECT_EQ(facts.failed_graph_launches, 1u);
  EXPECT_EQ(facts.graph_launches, 0u);
}

TEST(GraphCensus, ARevisionReplacesTheGraphFromItsTimeOn) {
  SyntheticLog log;
  log.graph(10, 1, 0, kExec, {{0xa, 1}}).graph(50, 1, 1, kExec, {{0xa, 2}});
  log.graph_launch(0, 20, 1).graph_launch(0, 30, 1).graph_launch(0, 60, 1);
  const ProcessFacts facts = log.census();
  EXPECT_EQ(runs(facts, 1), 2u);
  EXPECT_EQ(runs(facts, 2), 1u);
  EXPECT_EQ(facts.graphs[0].revisions, 1u);
}

TEST(GraphCensus, TimeDecidesNotTheOrderInTheFile) {
  SyntheticLog log;
  log.definitions_last = true;
  log.graph(50, 1, 1, kExec, {{0xa, 2}}).graph(10, 1, 0, kExec, {{0xa, 1}});
  log.graph_launch(1, 60, 1).graph_launch(0, 20, 1);
  const ProcessFacts facts = log.census();
  EXPECT_EQ(runs(facts, 1), 1u);
  EXPECT_EQ(runs(facts, 2), 1u);
}

TEST(GraphCensus, ANodeUpdateChangesOneNodesKernelAndShape) {
  SyntheticLog log;
  log.graph(10, 1, 0, kExec, {{0xa, 1}, {0xb, 1}});
  log.graph_update(40, 1, {.handle = 0xb, .kernel = 2, .grid = 64});
  log.graph_launch(0, 20, 1).graph_launch(0, 40, 1);
  const ProcessFacts facts = log.census();
  EXPECT_EQ(runs(facts, 1), 3u) << "two in the first launch, one in the second";
  EXPECT_EQ(runs(facts, 2), 1u) << "an update at a launch's very time counts";
  EXPECT_EQ(facts.kernels.at(2).shapes.begin()->first.grid[0], 64u);
}

TEST(GraphCensus, ANodeUpdateSurvivesUntilTheNextRevision) {
  SyntheticLog log;
  log.graph(10, 1, 0, kExec, {{0xa, 1}}).graph_update(20, 1, {.handle = 0xa, .kernel = 2});
  log.graph(40, 1, 1, kExec, {{0xf, 3}}).graph_update(60, 1, {.handle = 0xa, .kernel = 4});
  for (const std::uint64_t time : {30u, 50u, 70u}) log.graph_launch(0, time, 1);
  const ProcessFacts facts = log.census();
  EXPECT_EQ(runs(facts, 1), 0u);
  EXPECT_EQ(runs(facts, 2), 1u);
  EXPECT_EQ(runs(facts, 3), 1u);
  EXPECT_EQ(runs(facts, 4), 1u) << "updates name nodes of the graph that was instantiated";
  EXPECT_EQ(facts.unmatched_graph_updates, 0u);
}

TEST(GraphCensus, DisabledNodesDoNotRunUntilEnabledAgain) {
  SyntheticLog log;
  log.graph(10, 1, 0, kExec, {{0xa, 1}, {0xb, 2}});
  log.call(0, 20, "cuGraphNodeSetEnabled", kSetEnabledArgs, {kExec, 0xa, 0});
  log.call(0, 40, "cuGraphNodeSetEnabled", kSetEnabledArgs, {kExec, 0xa, 1});
  log.call(0, 41, "cuGraphNodeSetEnabled", kSetEnabledArgs, {kExec, 0xb, 0}, 1);
  for (const std::uint64_t time : {15u, 30u, 50u}) log.graph_launch(1, time, 1);
  const ProcessFacts facts = log.census();
  EXPECT_EQ(runs(facts, 1), 2u);
  EXPECT_EQ(runs(facts, 2), 3u) << "a call that failed switches nothing";
}

TEST(GraphCensus, TheSwitchOutlivesAWholeGraphUpdate) {
  SyntheticLog log;
  log.graph(10, 1, 0, kExec, {{0xa, 1}, {0xb, 2}}).graph(30, 1, 1, kExec, {{0xc, 1}, {0xd, 2}});
  log.call(0, 20, "cuGraphNodeSetEnabled", kSetEnabledArgs, {kExec, 0xa, 0});
  log.graph_launch(0, 40, 1);
  const ProcessFacts facts = log.census();
  EXPECT_EQ(runs(facts, 1), 0u);
  EXPECT_EQ(runs(facts, 2), 1u);
}

TEST(GraphCensus, AReusedHandleMeansTheGraphInstantiatedLast) {
  SyntheticLog log;
  log.graph(10, 1, 0, kExec, {{0xa, 1}}).graph(50, 2, 0, kExec, {{0xa, 2}});
  log.call(0, 60, "cuGraphNodeSetEnabled", kSetEnabledArgs, {kExec, 0xa, 0});
  log.graph_launch(0, 20, 1).graph_launch(0, 70, 2).graph_launch(1, 55, 2);
  const ProcessFacts facts = log.census();
  EXPECT_EQ(runs(facts, 1), 1u) << "the first graph was launched before; it is not switched";
  EXPECT_EQ(runs(facts, 2), 1u);
  EXPECT_EQ(facts.graphs.size(), 2u);
}

TEST(GraphCensus, KernelsInChildGraphsCount) {
  SyntheticLog log;
  log.graph(10, 1, 0, kExec,
            {{0xa, 1},
             {.handle = 0xb, .kernel = 0, .type = kChildGraph},
             {.handle = 0xc, .kernel = 2, .parent = 1}});
  log.graph_launch(0, 20, 1).graph_launch(0, 21, 1);
  const ProcessFacts facts = log.census();
  EXPECT_EQ(runs(facts, 2), 2u);
  EXPECT_FALSE(facts.kernels.at(2).uncountable);
}

TEST(GraphCensus, BodiesOfConditionalNodesAreUncountable) {
  SyntheticLog log;
  log.graph(10, 1, 0, kExec,
            {{0xa, 1},
             {.handle = 0xb, .kernel = 0, .type = kConditional},
             {.handle = 0xc,
              .kernel = 0,
              .type = kChildGraph,
              .flags = trace::kNodeConditionalBody,
              .parent = 1},
             {.handle = 0xd, .kernel = 2, .parent = 2}});
  log.graph_update(15, 1, {.handle = 0xd, .kernel = 3});
  log.graph_launch(0, 20, 1);
  const ProcessFacts facts = log.census();
  EXPECT_EQ(runs(facts, 1), 1u);
  EXPECT_EQ(runs(facts, 3), 0u);
  EXPECT_TRUE(facts.kernels.at(3).uncountable) << "an update does not move the node";
  EXPECT_TRUE(facts.graphs[0].conditional);
}

TEST(GraphCensus, ParentsThatFormACycleAreUncountable) {
  SyntheticLog log;
  log.graph(10, 1, 0, kExec,
            {{.handle = 0xa, .kernel = 1, .parent = 1}, {.handle = 0xb, .kernel = 0, .parent = 0}});
  log.graph_launch(0, 20, 1);
  EXPECT_TRUE(log.census().kernels.at(1).uncountable);
}

TEST(GraphCensus, SaysWhatItCannotMatch) {
  SyntheticLog log;
  log.graph(10, 1, 0, kExec, {{0xa, 1}}).graph_update(20, 1, {.handle = 0xbad, .kernel = 2});
  log.call(0, 21, "cuGraphNodeSetEnabled", kSetEnabledArgs, {0xbad, 0xa, 0});
  log.graph_launch(0, 30, 0).graph_launch(0, 31, 1);
  const ProcessFacts facts = log.census();
  EXPECT_EQ(facts.unmatched_graph_updates, 2u);
  EXPECT_EQ(facts.unseen_graph_launches, 1u);
  EXPECT_EQ(runs(facts, 1), 1u);
}

TEST(GraphCensus, EagerAndGraphExecutionsAddUp) {
  SyntheticLog log;
  log.kernel(1, "a").launch(0, 5, 1).launch(0, 6, 1, trace::kLaunchCaptured);
  log.graph(10, 1, 0, kExec, {{0xa, 1}}).graph_launch(0, 20, 1);
  EXPECT_EQ(log.census().kernels.at(1).executed(), 2u);
}

}  // namespace
}  // namespace fib::cli
