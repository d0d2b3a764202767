// SPDX-License-Identifier: Apache-2.0
#include "cli/census.h"

#include "tests/unit/cli/synthetic_log.h"

namespace fib::cli {
namespace {

using testing::SyntheticLog;
using trace::kLaunchCaptured;

TEST(Census, TellsLaunchesThatRanFromCapturedAndFailedOnes) {
  SyntheticLog log;
  log.kernel(1, "a").kernel(2, "b");
  log.launch(0, 10, 1).launch(0, 20, 1).launch(0, 30, 1, kLaunchCaptured).launch(0, 40, 2, 0, 700);
  const ProcessFacts facts = log.census();
  EXPECT_EQ(facts.launches, 4u);
  EXPECT_EQ(facts.executed(), 2u);
  EXPECT_EQ(facts.kernels.at(1).eager, 2u);
  EXPECT_EQ(facts.kernels.at(1).captured, 1u);
  EXPECT_EQ(facts.kernels.at(2).failed, 1u);
  EXPECT_EQ(facts.kernels.at(2).executed(), 0u);
  EXPECT_EQ(facts.host_ticks, 40u);
  EXPECT_EQ(facts.first_ticks, 10u);
  EXPECT_EQ(facts.last_ticks, 50u);
}

TEST(Census, CountsEveryShapeThatRan) {
  SyntheticLog log;
  log.kernel(1, "a").launch(0, 1, 1, 0, 0, 4).launch(0, 2, 1, 0, 0, 8).launch(0, 3, 1, 0, 0, 4);
  const auto shapes = log.census().kernels.at(1).shapes;
  ASSERT_EQ(shapes.size(), 2u);
  EXPECT_EQ(shapes.begin()->first.grid[0], 4u);
  EXPECT_EQ(shapes.begin()->second, 2u);
}

TEST(Census, KnowsDefinitionsThatComeAfterTheirUse) {
  SyntheticLog log;
  log.definitions_last = true;
  log.kernel(1, "late").launch(0, 10, 1);
  log.call(0, 20, "cuMemAlloc_v2", "=dptr bytesize", {0x1000, 64});
  log.call(0, 30, "cuLaunchHostFunc", "hStream fn userData", {0, 1, 2});
  const ProcessFacts facts = log.census();
  EXPECT_EQ(facts.kernels.at(1).name, "late");
  EXPECT_EQ(facts.memory.device_live, 64u);
  EXPECT_EQ(facts.deviation_count(), 1u);
}

TEST(Census, KeepsKernelsThatTheLogDoesNotDefine) {
  SyntheticLog log;
  log.launch(0, 10, 9);
  const ProcessFacts facts = log.census();
  EXPECT_EQ(facts.kernels.at(9).eager, 1u);
  EXPECT_EQ(facts.kernel_name(9), "kernel#9");
}

TEST(Census, FindsAKernelsImageThroughItsLoad) {
  SyntheticLog log;
  log.image(3, 0xab, 100).image(4, 0xab, 100).kernel(1, "a", 3).launch(0, 1, 1);
  const ProcessFacts facts = log.census();
  EXPECT_EQ(facts.kernels.at(1).image.substr(0, 4), "ab00");
  EXPECT_EQ(facts.images, 1u) << "the same code loaded twice is stored once";
  EXPECT_EQ(facts.image_bytes, 100u);
}

TEST(Census, CountsHostFunctionsAsDeviationsByEntryPoint) {
  SyntheticLog log;
  log.deviation(trace::Deviation::ImageUnknown, "no bytes");
  log.call(0, 1, "cuLaunchHostFunc", "hStream fn userData", {0, 1, 2});
  log.call(0, 2, "cuLaunchHostFunc", "hStream fn userData", {0, 1, 2}, 400);
  log.call(0, 3, "cuStreamAddCallback_ptsz", "hStream callback userData flags", {0, 1, 2, 0});
  const ProcessFacts facts = log.census();
  EXPECT_EQ(facts.deviations.at({1, "cuLaunchHostFunc"}), 1u) << "the failed call runs nothing";
  EXPECT_EQ(facts.deviations.at({1, "cuStreamAddCallback"}), 1u);
  EXPECT_EQ(facts.deviations.at({3, "no bytes"}), 1u);
}

TEST(Census, TakesTheLastWordOnCumulativeDrops) {
  SyntheticLog log;
  log.drops(0, 5, 2).drops(0, 9, 4).drops(1, 1, 1).launch(0, 1, 1);
  const ProcessFacts facts = log.census();
  EXPECT_EQ(facts.dropped_records, 10u);
  EXPECT_EQ(facts.dropped_launches, 5u);
}

TEST(Census, CountsEveryEntryPointAndStream) {
  SyntheticLog log;
  log.launch(0, 1, 1).launch(1, 2, 1).call(0, 3, "cuStreamSynchronize", "hStream", {7});
  const ProcessFacts facts = log.census();
  EXPECT_EQ(facts.api_calls.at("cuLaunchKernel"), 2u);
  EXPECT_EQ(facts.api_calls.at("cuStreamSynchronize"), 1u);
  EXPECT_EQ(facts.streams, 1u);
  EXPECT_EQ(facts.threads.size(), 2u);
}

TEST(Census, IgnoresWordsThatACallDoesNotHave) {
  SyntheticLog log;
  log.call(0, 1, "cuMemAlloc_v2", "=dptr bytesize", {0x1000});
  EXPECT_EQ(log.census().memory.device_live, 0u);
}

}  // namespace
}  // namespace fib::cli
