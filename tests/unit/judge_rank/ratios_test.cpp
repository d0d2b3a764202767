// SPDX-License-Identifier: Apache-2.0
#include "judge/rank/ratios.h"

#include <gtest/gtest.h>

#include "tests/unit/judge_rank/made_results.h"

namespace fib::judge {
namespace {

using testing::failed;
using testing::judged;
using testing::passed;

/// Baseline 1.0 ms everywhere. ada's a: ratios 2, 1, 0.5 and a failure; bob's b tried two.
struct UpstreamField {
  std::vector<Result> results = {
      passed("base", "baseline", "w1", 1), passed("base", "baseline", "w2", 1),
      passed("base", "baseline", "w3", 1), passed("base", "baseline", "w4", 1),
      passed("a", "ada", "w1", 0.5),       passed("a", "ada", "w2", 1),
      passed("a", "ada", "w3", 2),         failed("a", "ada", "w4"),
      passed("b", "bob", "w1", 0.25),      failed("b", "bob", "w2"),
      passed("b", "bob", "w9", 0.1)};  // the baseline has no latency there
  Field field{{{"base", "norm", "baseline"}, {"a", "norm", "ada"}, {"b", "norm", "bob"}},
              results,
              "baseline"};
};

double fast_p(const Field& field, const std::string& name, double p, Threshold threshold) {
  return share_of(ratios_by(fast_attempts(field), GroupBy::Solution)[name], p, threshold).value();
}

TEST(FastP, IsTheShareOfAttemptedWorkloadsAboveP) {
  const UpstreamField made;
  EXPECT_DOUBLE_EQ(fast_p(made.field, "a", 0, Threshold::Above), 0.75);  // those that passed
  EXPECT_DOUBLE_EQ(fast_p(made.field, "a", 0.95, Threshold::Above), 0.5);
  EXPECT_DOUBLE_EQ(fast_p(made.field, "a", 2, Threshold::Above), 0);
  EXPECT_DOUBLE_EQ(fast_p(made.field, "b", 1, Threshold::Above), 0.5);
}

TEST(FastP, IsAtLeastPOnUpstreamsPage) {
  const UpstreamField made;
  EXPECT_DOUBLE_EQ(fast_p(made.field, "a", 0, Threshold::AtLeast), 1);  // failures count as 0
  EXPECT_DOUBLE_EQ(fast_p(made.field, "a", 1, Threshold::AtLeast), 0.5);
  EXPECT_DOUBLE_EQ(fast_p(made.field, "a", 1, Threshold::Above), 0.25);
  EXPECT_DOUBLE_EQ(fast_p(made.field, "a", 2, Threshold::AtLeast), 0.25);
}

TEST(FastP, TheBaselineIsNoAttempt) {
  const UpstreamField made;
  EXPECT_EQ(ratios_by(fast_attempts(made.field), GroupBy::Solution).count("base"), 0U);
}

TEST(FastP, OfSeveralResultsTheLastThatPassedCounts) {
  const std::vector<Result> results = {
      passed("base", "baseline", "w", 1), passed("base", "baseline", "w", 4),
      passed("a", "ada", "w", 0.5), passed("a", "ada", "w", 2), failed("a", "ada", "w")};
  const Field field{{{"base", "norm", "baseline"}, {"a", "norm", "ada"}}, results, "baseline"};
  const auto attempts = fast_attempts(field);
  ASSERT_EQ(attempts.size(), 1U);
  EXPECT_DOUBLE_EQ(attempts[0].ratio, 0.5);
}

TEST(FastP, AuthorsPoolTheirSolutionsAndCoverageSaysHowMuchTheyTried) {
  UpstreamField made;
  made.results.push_back(passed("a2", "ada", "w1", 1));
  made.field.results = made.results;
  made.field.entrants.push_back({"a2", "norm", "ada"});
  const auto attempts = fast_attempts(made.field);
  EXPECT_EQ(ratios_by(attempts, GroupBy::Author)["ada"], (std::vector<double>{0, 0.5, 1, 1, 2}));
  const auto coverage = coverage_of(made.field, attempts);
  EXPECT_EQ(coverage.at("ada").attempted, 5U);
  EXPECT_EQ(coverage.at("ada").possible, 8U);  // 4 workloads with a baseline, 2 Solutions
  EXPECT_EQ(coverage.at("bob").attempted, 2U);
  EXPECT_EQ(coverage.at("bob").possible, 4U);
}

TEST(FastP, AgainstTheIncumbentEachCandidateHasItsOwnBaseline) {
  Result fails = failed("a", "ada", "w2");
  fails.kernel = "incumbent_kernel";
  const std::vector<Result> results = {judged("a", "w1", 3, 2, 1.4, 1.6), fails,
                                       passed("a", "ada", "w3", 1)};  // no incumbent: left out
  const Field field{{{"a", "norm", "ada"}}, results, ""};
  EXPECT_EQ(ratios_by(fast_attempts(field), GroupBy::Solution)["a"], (std::vector<double>{0, 1.5}));
  EXPECT_EQ(coverage_of(field, fast_attempts(field)).at("ada").possible, 2U);
}

TEST(FastP, RefusesAnAmbiguousBaseline) {
  const UpstreamField made;
  Field field = made.field;
  field.entrants.push_back({"base2", "norm", "baseline"});
  EXPECT_THROW((void)fast_attempts(field), RankError);
}

TEST(WinAtP, TakesTheFastestOfEachAuthorAndIsStrict) {
  UpstreamField made;
  made.results.push_back(passed("a2", "ada", "w3", 0.5));
  made.field.results = made.results;
  const auto ratios = ratios_by(win_attempts(made.field), GroupBy::Author);
  EXPECT_EQ(ratios.at("ada"), (std::vector<double>{0, 1, 2, 2}));
  EXPECT_EQ(ratios.count("baseline"), 0U);
  EXPECT_DOUBLE_EQ(share_of(ratios.at("ada"), 1, Threshold::Above).value(), 0.5);
}

TEST(WinAtP, WithoutTheNamedAuthorTheFastestIsTheBaseline) {
  const std::vector<Result> results = {passed("a", "ada", "w", 2), passed("b", "bob", "w", 1),
                                       failed("c", "cleo", "w"), passed("x", "FlashInfer", "v", 3),
                                       passed("a", "ada", "v", 1)};
  const Field field{{}, results, "flashinfer"};
  const auto ratios = ratios_by(win_attempts(field), GroupBy::Author);
  EXPECT_EQ(ratios.at("ada"), (std::vector<double>{0.5, 3}));  // of "v" FlashInfer is, by any case
  EXPECT_EQ(ratios.at("cleo"), std::vector<double>{0});
  EXPECT_EQ(ratios.count("bob"), 0U);
  EXPECT_EQ(ratios.count("FlashInfer"), 0U);
}

TEST(WinAtP, AWorkloadThatNobodyPassedDoesNotCount) {
  const std::vector<Result> results = {failed("a", "ada", "w"), failed("b", "bob", "w")};
  EXPECT_TRUE(win_attempts({{}, results, "flashinfer"}).empty());
}

TEST(WinAtP, GuessesTheAuthorOfAnUnknownSolution) {
  const std::vector<Result> results = {passed("eve_norm_v1", "", "w", 2),
                                       passed("x", "flashinfer", "w", 1)};
  EXPECT_EQ(win_attempts({{}, results, "flashinfer"}).at(0).author, "eve");
}

}  // namespace
}  // namespace fib::judge
