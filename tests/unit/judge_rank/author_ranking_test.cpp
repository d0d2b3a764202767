// SPDX-License-Identifier: Apache-2.0
#include "judge/rank/author_ranking.h"

#include <gtest/gtest.h>

#include "tests/unit/judge_rank/made_results.h"

namespace fib::judge {
namespace {

using testing::failed;
using testing::judged;
using testing::passed;

Result in(const std::string& definition, Result result) {
  result.definition = definition;
  return result;
}

/// Two Definitions, baseline 1 ms; ada has two Solutions for the first.
struct TwoDefinitions {
  std::vector<Result> results = {in("d1", passed("base1", "baseline", "w1", 1)),
                                 in("d1", passed("base1", "baseline", "w2", 1)),
                                 in("d2", passed("base2", "baseline", "v1", 1)),
                                 in("d1", passed("slow", "ada", "w1", 1)),
                                 in("d1", passed("quick", "ada", "w1", 0.5)),
                                 in("d1", passed("quick", "ada", "w2", 2)),
                                 in("d2", passed("other", "ada", "v1", 0.2)),
                                 in("d1", passed("bobs", "bob", "w1", 0.1)),
                                 in("d1", failed("bobs", "bob", "w7"))};
  Field field{{{"base1", "d1", "baseline"},
               {"base2", "d2", "baseline"},
               {"slow", "d1", "ada"},
               {"quick", "d1", "ada"},
               {"other", "d2", "ada"},
               {"bobs", "d1", "bob"},
               {"idle", "d2", "cleo"}},
              results,
              "baseline"};
};

TEST(AuthorRanking, IsTheUnweightedMeanOfTheBestSolutionOfEachDefinition) {
  const TwoDefinitions made;
  const auto ranking = author_ranking(made.field);
  ASSERT_EQ(ranking.size(), 2U);  // neither the baseline, nor who has no results
  EXPECT_EQ(ranking[0].author, "ada");
  // d1: quick (2 + 0.5) / 2 = 1.25 against slow 1; d2: 5. Mean 3.125, not weighted by workloads.
  EXPECT_DOUBLE_EQ(ranking[0].score.speedup, 3.125);
  EXPECT_EQ(ranking[0].score.definitions, 2U);
  EXPECT_EQ(ranking[0].score.workloads, 3U);
  EXPECT_DOUBLE_EQ(ranking[0].score.success_rate, 1);
  EXPECT_DOUBLE_EQ(ranking[0].score.win_rate, 0.75);  // (1/2 + 1/1) / 2
  EXPECT_EQ(ranking[0].score.best_solutions.at("d1"), "quick");
}

TEST(AuthorRanking, AnyFailureMakesASolutionZero) {
  const TwoDefinitions made;  // bob failed on a workload that the baseline does not even have
  const auto ranking = author_ranking(made.field);
  EXPECT_EQ(ranking[1].author, "bob");
  EXPECT_DOUBLE_EQ(ranking[1].score.speedup, 0);
  EXPECT_DOUBLE_EQ(ranking[1].score.success_rate, 0);
  EXPECT_DOUBLE_EQ(ranking[1].score.win_rate, 0);
  EXPECT_EQ(ranking[1].score.workloads, 1U);
}

TEST(AuthorRanking, OfSeveralResultsTheFastestCounts) {
  TwoDefinitions made;
  made.results.push_back(in("d2", passed("other", "ada", "v1", 0.1)));
  made.results.push_back(in("d2", passed("base2", "baseline", "v1", 0.5)));
  made.field.results = made.results;
  EXPECT_DOUBLE_EQ(solution_score(made.field, {"other", "d2", "ada"})->speedup, 5);
}

TEST(AuthorRanking, NeedsExactlyOneBaseline) {
  TwoDefinitions made;
  made.field.entrants.push_back({"extra", "d3", "ada"});
  EXPECT_THROW((void)author_ranking(made.field), RankError);
  made.field.entrants.back() = {"base1b", "d1", "baseline"};
  EXPECT_THROW((void)author_ranking(made.field), RankError);
}

TEST(AuthorRanking, AgainstTheIncumbent) {
  Result fails = failed("b", "ada", "w2");
  fails.kernel = "incumbent_kernel";
  const std::vector<Result> results = {judged("a", "w1", 3, 2, 1.4, 1.6),
                                       judged("a", "w2", 1, 2, 0.4, 0.6),
                                       judged("b", "w1", 9, 1, 8, 10), fails};
  const Field field{{{"a", "norm", "ada"}, {"b", "norm", "ada"}}, results, ""};
  EXPECT_DOUBLE_EQ(solution_score(field, field.entrants[0])->speedup, 1);
  EXPECT_DOUBLE_EQ(solution_score(field, field.entrants[1])->speedup, 0);
  EXPECT_EQ(solution_score(field, field.entrants[1])->workloads, 2U);
  EXPECT_EQ(author_ranking(field).at(0).score.best_solutions.at("norm"), "a");
}

}  // namespace
}  // namespace fib::judge
