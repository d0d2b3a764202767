// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/timing.h"

#include "judge/trial/reasons.h"
#include "trial_fixture.h"

namespace fib::judge::testing {
namespace {

using registry::Status;

class Timed : public TrialTest {
 protected:
  void make(const std::string& solution, const EngineLaunch& engine) {
    make_case(engine);
    add_solution(solution);
    request.timing.enabled = true;
    request.timing.min_pairs = 5;
    request.timing.max_pairs = 10;
    request.timing.max_seconds = 0.2;
    request.timing.graph_below_us = 1e6;
  }
};

TEST_F(Timed, AllModesAreMeasured) {
  make("good", {"engine_slow"});
  const TrialResult result = expect_passed("good");
  ASSERT_EQ(result.timing.size(), 3u);
  EXPECT_EQ(result.timing[0].mode, "cold");
  EXPECT_EQ(result.timing[1].mode, "warm");
  EXPECT_EQ(result.timing[2].mode, "graph");
  for (const ModeTiming& mode : result.timing) {
    EXPECT_GE(mode.pairs, 5u);
    EXPECT_GT(mode.incumbent_ns, 2e6);
    EXPECT_GT(mode.ratio, 1);
  }
  EXPECT_EQ(result.time_source.substr(0, 7), "events:") << result.time_source;
  EXPECT_EQ(result.checks.back().name, "after timing");
}

TEST_F(Timed, RightOnlyBeforeTiming) {
  make("late", {"engine_mix"});
  request.timing.warm = request.timing.graph = false;
  expect_failed("late", Status::IncorrectNumerical, reasons::kBeforeTimingOnly);
}

TEST_F(Timed, LaunchesInAHurryAreChecked) {
  make("hurried", {"engine_mix"});
  const TrialResult result =
      expect_failed("hurried", Status::IncorrectNumerical, reasons::kBeforeTimingOnly);
  EXPECT_EQ(result.checks.back().name, "in quick succession");
}

TEST(TimeIsLeft, TooFewPairsGetMore) {
  TimingOptions options;
  options.max_seconds = 1;
  options.min_pairs = 20;
  EXPECT_TRUE(time_is_left(options, 0.9, 100));
  EXPECT_FALSE(time_is_left(options, 1.1, 20));
  EXPECT_TRUE(time_is_left(options, 1.1, 19));
  EXPECT_FALSE(time_is_left(options, 4.1, 0));
}

Sample sample(double events_more, double kernels) {
  Sample made;
  made.kernels = {10e3, kernels};
  made.events = {10e3 + 2e3, kernels + 2e3 + events_more};
  return made;
}

TEST(Believable, EventsMayTellALittleMore) {
  double hidden = 0;
  EXPECT_FALSE(works_elsewhere(std::vector<Sample>(20, sample(1e3, 5e3)), hidden));
  EXPECT_DOUBLE_EQ(hidden, 1e3);
}

TEST(Believable, HiddenWorkShows) {
  double hidden = 0;
  EXPECT_TRUE(works_elsewhere(std::vector<Sample>(20, sample(40e3, 5e3)), hidden));
  EXPECT_DOUBLE_EQ(hidden, 40e3);
}

TEST(Believable, LongKernelsGetAShare) {
  double hidden = 0;
  EXPECT_FALSE(works_elsewhere(std::vector<Sample>(20, sample(40e3, 500e3)), hidden));
}

}  // namespace
}  // namespace fib::judge::testing
