// SPDX-License-Identifier: Apache-2.0
#include "judge/rank/saving.h"

#include <gtest/gtest.h>

#include "tests/unit/judge_rank/made_results.h"

namespace fib::judge {
namespace {

using testing::failed;
using testing::judged;
using testing::passed;

TEST(Saving, IsWeightTimesDifferenceWhereTheVerdictIsClear) {
  const std::vector<Result> results = {judged("a", "w1", 3, 2, 1.4, 1.6),    // 10 x 1 ms
                                       judged("a", "w2", 1, 2, 0.4, 0.6),    // 10 x -1 ms
                                       judged("a", "w3", 4, 3.9, 0.9, 1.2),  // no clear difference
                                       judged("b", "w1", 3, 1, 2.5, 3.5),    // 10 x 2 ms
                                       passed("b", "ada", "w2", 1)};  // nobody knows the incumbent
  const auto list = savings(results);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].solution, "b");
  EXPECT_DOUBLE_EQ(list[0].saved_ms, 20);
  EXPECT_EQ(list[0].unknown, 1U);
  EXPECT_FALSE(list[0].weighed);
  EXPECT_EQ(list[1].solution, "a");
  EXPECT_DOUBLE_EQ(list[1].saved_ms, 0);
  EXPECT_DOUBLE_EQ(list[1].gained_ms, 10);
  EXPECT_DOUBLE_EQ(list[1].incumbent_ms, 80);
  EXPECT_EQ(list[1].faster, 1U);
  EXPECT_EQ(list[1].slower, 1U);
  EXPECT_EQ(list[1].unclear, 1U);
}

TEST(Saving, CarriesTheIntervals) {
  const std::vector<Result> results = {judged("a", "w1", 4, 2, 1.6, 2.5),
                                       judged("a", "w2", 4, 2, 1.25, 4)};
  const auto list = savings(results);
  // 40 x (1 - 1/low) and 40 x (1 - 1/high): 15 and 24, 8 and 30.
  EXPECT_DOUBLE_EQ(*list[0].low_ms, 23);
  EXPECT_DOUBLE_EQ(*list[0].high_ms, 54);
}

TEST(Saving, HasNoIntervalIfOneIsMissing) {
  std::vector<Result> results = {judged("a", "w1", 4, 2, 1.6, 2.5),
                                 judged("a", "w2", 4, 2, 1.25, 4)};
  results[1].speedup->low.reset();
  EXPECT_FALSE(savings(results)[0].low_ms);
  EXPECT_DOUBLE_EQ(savings(results)[0].saved_ms, 40);
}

TEST(TotalSaving, TakesTheBestCandidateThatNeverFails) {
  const std::vector<Result> results = {judged("a", "w1", 3, 2, 1.4, 1.6),
                                       judged("b", "w1", 3, 2.5, 1.1, 1.3),
                                       judged("c", "w1", 3, 1, 2.9, 3.1), failed("c", "ada", "w2"),
                                       judged("a", "w2", 1, 2, 0.4, 0.6)};
  const auto totals = total_savings(results);
  ASSERT_EQ(totals.size(), 1U);
  EXPECT_EQ(totals[0].workloads, 2U);
  EXPECT_EQ(totals[0].improved, 1U);
  EXPECT_DOUBLE_EQ(totals[0].saved_ms, 10);
  EXPECT_DOUBLE_EQ(totals[0].incumbent_ms, 40);
}

TEST(TotalSaving, KeepsGpusApart) {
  std::vector<Result> results = {judged("a", "w1", 3, 2, 1.4, 1.6), failed("a", "ada", "w1")};
  results[1].gpu = "other GPU";
  const auto totals = total_savings(results);
  ASSERT_EQ(totals.size(), 1U);
  EXPECT_DOUBLE_EQ(totals[0].saved_ms, 10);  // the failure is on the other one
}

}  // namespace
}  // namespace fib::judge
