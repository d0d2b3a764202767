// SPDX-License-Identifier: Apache-2.0
#include "registry/match/ranking.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/unit/registry_match/norm_table.h"

namespace fib::match {
namespace {

using testing::norm_definition;
using testing::norm_result;

Ranking ranked(const std::vector<Measurement>& results, const Policy& policy = {}) {
  Contest contest;
  for (const Measurement& result : results) contest.measurements.push_back(&result);
  contest.axes = {"batch"};
  contest.candidates = {{"a", 0}, {"b", 1}};
  contest.tolerance = tolerance_of(policy, norm_definition());
  return rank(contest, policy);
}

std::int32_t winner(const std::vector<Measurement>& results, const Policy& policy = {}) {
  const Ranking ranking = ranked(results, policy);
  return ranking.points.empty() ? -2 : ranking.points[0].winner;
}

Measurement with(Measurement result, void (*change)(Measurement&)) {
  change(result);
  return result;
}

TEST(Ranking, TheLowestLatencyWinsNotTheLargestRatio) {
  auto slower = norm_result("b", 1, 2.0);
  slower.speedup->ratio = slower.speedup->low.emplace(9);
  EXPECT_EQ(winner({norm_result("a", 1, 1.0), slower}), 0);
}

TEST(Ranking, OnlyWhatIsClearCounts) {
  const auto at = [](void (*change)(Measurement&)) {
    return winner({with(norm_result("a", 1, 1), change)});
  };
  EXPECT_EQ(at([](Measurement&) {}), 0);
  EXPECT_EQ(at([](Measurement& it) { it.speedup->low = 1.0; }), kNoCandidate);
  EXPECT_EQ(at([](Measurement& it) { it.speedup->low.reset(); }), kNoCandidate);
  EXPECT_EQ(at([](Measurement& it) { it.speedup->confidence = 0.5; }), kNoCandidate);
  EXPECT_EQ(at([](Measurement& it) { it.speedup.reset(); }), kNoCandidate);
  EXPECT_EQ(at([](Measurement& it) { it.passed = false; }), kNoCandidate);
  EXPECT_EQ(at([](Measurement& it) { it.latency_ms = 0; }), kNoCandidate);
  EXPECT_EQ(at([](Measurement& it) { it.latency_ms = std::numeric_limits<double>::quiet_NaN(); }),
            kNoCandidate);
  Policy lax;
  lax.require_confidence = false;
  EXPECT_EQ(
      winner({with(norm_result("a", 1, 1), [](Measurement& it) { it.speedup->low.reset(); })}, lax),
      0);
}

TEST(Ranking, EitherErrorBoundSuffices) {
  const auto errors = [](double absolute, double relative) {
    Measurement result = norm_result("a", 1, 1);
    result.max_absolute_error = absolute;
    result.max_relative_error = relative;
    return winner({result});
  };
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(errors(1e-2, 5), 0);
  EXPECT_EQ(errors(5, 1e-2), 0);
  EXPECT_EQ(errors(5, 5), kNoCandidate);
  EXPECT_EQ(errors(kNaN, kNaN), kNoCandidate);
}

TEST(Ranking, TolerancesGoByDType) {
  DefinitionSpec exact = norm_definition();
  exact.outputs[0].dtype = "int32";
  EXPECT_EQ(tolerance_of({}, exact).absolute, 0);
  exact.outputs.push_back(norm_definition().outputs[0]);
  EXPECT_EQ(tolerance_of({}, exact).absolute, 1e-2);
  Policy policy;
  policy.max_relative_error = 0.5;
  EXPECT_EQ(tolerance_of(policy, exact).relative, 0.5);
}

TEST(Ranking, OneFailureAmongTheWorkloadsOfAPointLosesIt) {
  auto other = norm_result("a", 1, 1);
  other.workload = "other values";
  other.passed = false;
  EXPECT_EQ(winner({norm_result("a", 1, 1), other, norm_result("b", 1, 3)}), kNoCandidate)
      << "b ran on one workload only, a on two";
  auto b = norm_result("b", 1, 3);
  b.workload = "other values";
  EXPECT_EQ(winner({norm_result("a", 1, 1), other, norm_result("b", 1, 3), b}), 1);
}

TEST(Ranking, LatenciesAreWeighted) {
  const auto at = [](const char* candidate, const char* workload, double latency, double weight) {
    Measurement result = norm_result(candidate, 1, latency);
    result.workload = workload;
    result.weight = weight;
    return result;
  };
  EXPECT_EQ(winner({at("a", "rare", 1, 1), at("a", "usual", 5, 9), at("b", "rare", 9, 1),
                    at("b", "usual", 4, 9)}),
            1);
}

TEST(Ranking, TheBestWinsTheMostWeightAndWasNeverWrong) {
  auto often = norm_result("b", 8, 1);
  often.weight = 10;
  const std::vector<Measurement> results = {norm_result("a", 1, 1), norm_result("a", 2, 1), often};
  EXPECT_EQ(ranked(results).best, 1);
  auto wrong = results;
  wrong.push_back(norm_result("b", 16, 1));
  wrong.back().passed = false;
  EXPECT_EQ(ranked(wrong).best, 0);
}

TEST(Ranking, WhatCanNotBePlacedIsIgnored) {
  auto nameless = norm_result("a", 1, 1);
  nameless.axes.clear();
  EXPECT_EQ(winner({nameless, norm_result("stranger", 1, 1)}), -2);
}

}  // namespace
}  // namespace fib::match
