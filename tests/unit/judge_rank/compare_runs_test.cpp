// SPDX-License-Identifier: Apache-2.0
#include "judge/rank/compare_runs.h"

#include <gtest/gtest.h>

#include "tests/unit/judge_rank/made_results.h"

namespace fib::judge {
namespace {

using testing::failed;
using testing::judged;
using testing::passed;

Change only(Result before, Result after) {
  static std::vector<Result> old_results, new_results;  // changes point into them
  after.timestamp = "2026-01-02T00:00:00";
  old_results = {std::move(before)};
  new_results = {std::move(after)};
  const auto changes = compare_runs(old_results, new_results);
  EXPECT_EQ(changes.size(), 1U);
  return changes.at(0);
}

TEST(CompareRuns, AGpuThatIsSlowerTodayChangesNothing) {
  const Change change = only(judged("a", "w", 4, 2, 1.9, 2.1), judged("a", "w", 8, 4, 1.9, 2.1));
  EXPECT_EQ(change.kind, ChangeKind::NoClearDifference);
  EXPECT_TRUE(change.against_incumbent);
  EXPECT_DOUBLE_EQ(change.ratio, 1);
  EXPECT_DOUBLE_EQ(*change.low, 1.9 / 2.1);
  EXPECT_DOUBLE_EQ(*change.high, 2.1 / 1.9);
  EXPECT_DOUBLE_EQ(change.confidence, 0.9);
  EXPECT_FALSE(is_regression(change, 0));
}

TEST(CompareRuns, SlowerByTheWholeInterval) {
  const Change change = only(judged("a", "w", 4, 2, 1.9, 2.1), judged("a", "w", 4, 4, 0.9, 1.1));
  EXPECT_EQ(change.kind, ChangeKind::Slower);
  EXPECT_DOUBLE_EQ(change.ratio, 2);
  EXPECT_DOUBLE_EQ(*change.low, 1.9 / 1.1);
  EXPECT_TRUE(is_regression(change, 50));
  EXPECT_FALSE(is_regression(change, 75));  // low is 1.727
}

TEST(CompareRuns, AnotherIncumbentIsNoMeasure) {
  Result after = judged("a", "w", 8, 2, 3.9, 4.1);
  after.kernel = "another_kernel";
  const Change change = only(judged("a", "w", 4, 2, 1.9, 2.1), after);
  EXPECT_FALSE(change.against_incumbent);
  EXPECT_DOUBLE_EQ(change.ratio, 1);
  EXPECT_FALSE(change.low);
}

TEST(CompareRuns, WithoutIntervalsTheNumbersCount) {
  const Change change = only(passed("a", "ada", "w", 1), passed("a", "ada", "w", 1.06));
  EXPECT_EQ(change.kind, ChangeKind::Slower);
  EXPECT_TRUE(is_regression(change, 5));
  EXPECT_FALSE(is_regression(change, 7));
}

TEST(CompareRuns, NewAndFixedFailures) {
  const Change broken = only(passed("a", "ada", "w", 1), failed("a", "ada", "w"));
  EXPECT_EQ(broken.kind, ChangeKind::NewFailure);
  EXPECT_TRUE(is_regression(broken, 1000));
  EXPECT_EQ(only(failed("a", "ada", "w"), passed("a", "ada", "w", 1)).kind, ChangeKind::Fixed);
  EXPECT_EQ(only(failed("a", "ada", "w"), failed("a", "ada", "w")).kind, ChangeKind::StillFails);
}

TEST(CompareRuns, SaysWhatIsOnlyInOneOrTheSame) {
  const std::vector<Result> before = {passed("a", "ada", "w1", 1), passed("a", "ada", "w2", 1)};
  const std::vector<Result> after = {passed("a", "ada", "w2", 1), failed("a", "ada", "w3")};
  const auto changes = compare_runs(before, after);
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(changes[0].kind, ChangeKind::Added);
  EXPECT_EQ(changes[1].kind, ChangeKind::Removed);
  EXPECT_EQ(changes[2].kind, ChangeKind::NotMeasuredAgain);
  for (const Change& change : changes) EXPECT_FALSE(is_regression(change, 0));
}

}  // namespace
}  // namespace fib::judge
