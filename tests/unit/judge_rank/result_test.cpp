// SPDX-License-Identifier: Apache-2.0
#include "judge/rank/result.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/judge_rank/made_results.h"
#include "tests/unit/registry/sample.h"

namespace fib::judge {
namespace {

using registry::Json;
using registry::testing::SampleRegistry;
using registry::testing::trace_json;

Json judged_json() {
  Json trace = trace_json();
  trace["workload"]["fibshim"] = {
      {"weight", 64}, {"kernel", "_Zk"}, {"capture", "c"}, {"case", "id"}, {"replayed_ms", 0.03}};
  Json& evaluation = trace["evaluation"];
  evaluation["performance"]["fibshim"] = {
      {"incumbent_latency_ms", 0.02},
      {"speedup_low", 1.9},
      {"speedup_high", 2.1},
      {"confidence", 0.95},
      {"verdict", "faster"},
      {"source", "CUPTI"},
      {"l2", "cold"},
      {"pairs", 40},
      {"dropped", 2},
      {"modes", {{"warm", {{"incumbent_ns", 100}, {"candidate_ns", 50}, {"ratio", 2}}}}}};
  evaluation["correctness"]["extra"]["fibshim"] = {
      {"matched_ratio", 0.5},
      {"first_wrong", {{"output", "y"}, {"index", {1, 2}}, {"expected", 1.0}, {"got", "NaN"}}},
      {"checks", {{{"name", "recorded inputs"}, {"passed", true}, {"detail", ""}}}}};
  evaluation["fibshim"] = {{"reason", "r"}, {"detail", "d"}, {"gpu_uuid", "GPU-1"}};
  return trace;
}

std::vector<Result> read(const std::vector<Json>& traces, const ResultFilter& filter = {}) {
  const SampleRegistry sample;
  std::string lines;
  for (const Json& trace : traces) lines += registry::to_text(trace) + '\n';
  sample.write("traces/ada/scale/scale_h8.jsonl", lines);
  std::filesystem::remove(sample.path() / "traces/baseline/scale/scale_h8.jsonl");
  return read_results(sample.open(), filter);
}

TEST(Result, HoldsWhatTheJudgeWrote) {
  const Result result = read({judged_json()}).at(0);
  EXPECT_EQ(result.op_type, "scale");
  EXPECT_EQ(result.author, "ada");
  EXPECT_EQ(result.gpu, "NVIDIA H200");
  EXPECT_DOUBLE_EQ(result.weight, 64);
  EXPECT_TRUE(result.weighed);
  EXPECT_DOUBLE_EQ(result.speedup->ratio, 2);
  EXPECT_DOUBLE_EQ(*result.speedup->low, 1.9);
  EXPECT_EQ(result.verdict, Verdict::Faster);
  EXPECT_EQ(result.reason, "r");
  EXPECT_EQ(shape_of(result), "ends=3, rows=5");
  ASSERT_EQ(result.details.modes.size(), 1U);
  EXPECT_DOUBLE_EQ(result.details.modes[0].candidate_ns, 50);
  EXPECT_EQ(result.details.first_wrong->index, (std::vector<std::int64_t>{1, 2}));
  EXPECT_TRUE(std::isnan(result.details.first_wrong->got));
  EXPECT_TRUE(result.details.checks.at(0).passed);
}

TEST(Result, OfUpstreamHasNoVerdict) {
  const Result result = read({trace_json()}).at(0);
  EXPECT_TRUE(result.passed());
  EXPECT_FALSE(result.speedup);
  EXPECT_FALSE(result.has_incumbent());
  EXPECT_FALSE(result.weighed);
  EXPECT_DOUBLE_EQ(result.weight, 1);
  EXPECT_EQ(result.verdict, Verdict::Unknown);
  EXPECT_DOUBLE_EQ(*result.reference_ms, 0.05);
}

TEST(Result, MembersOfWrongTypesCountAsMissing) {
  Json trace = judged_json();
  trace["workload"]["fibshim"] = {{"weight", "heavy"}, {"kernel", 3}};
  trace["evaluation"]["performance"]["fibshim"] = {{"incumbent_latency_ms", 0.02},
                                                   {"speedup_low", "Infinity"},
                                                   {"speedup_high", -1},
                                                   {"modes", {{"cold", 3}}},
                                                   {"verdict", {1}},
                                                   {"pairs", -4}};
  trace["evaluation"]["correctness"]["extra"]["fibshim"] = {{"checks", {1, "x"}},
                                                            {"first_wrong", {{"index", "i"}}}};
  trace["evaluation"]["fibshim"] = "text";
  const Result result = read({trace}).at(0);
  EXPECT_FALSE(result.weighed);
  EXPECT_FALSE(result.speedup->low);
  EXPECT_FALSE(result.speedup->high);
  EXPECT_EQ(result.verdict, Verdict::Unknown);
  EXPECT_TRUE(result.details.checks.empty());
  EXPECT_TRUE(result.details.modes.empty());
  EXPECT_EQ(result.details.pairs, 0U);
}

TEST(Result, OfAFailureHasItsChecksInTheEvaluation) {
  Json trace = judged_json();
  Json& evaluation = trace["evaluation"];
  evaluation["status"] = "RUNTIME_ERROR";
  evaluation["fibshim"]["checks"] = {{{"name", "poison A"}, {"passed", false}, {"detail", "x"}}};
  evaluation["fibshim"]["first_wrong"] = {{"output", "y"}, {"index", Json::array()}};
  evaluation["correctness"] = evaluation["performance"] = nullptr;
  const Result result = read({trace}).at(0);
  EXPECT_FALSE(result.passed());
  EXPECT_TRUE(result.has_incumbent());
  EXPECT_EQ(result.details.checks.at(0).name, "poison A");
  EXPECT_EQ(result.details.first_wrong->output, "y");
}

TEST(Result, NewestPerSolutionWorkloadAndGpu) {
  Json old_one = trace_json(), new_one = trace_json(), elsewhere = trace_json();
  old_one["evaluation"]["timestamp"] = "2026-01-03T00:00:00";
  new_one["evaluation"]["timestamp"] = "2026-01-04T00:00:00";
  new_one["evaluation"]["performance"]["latency_ms"] = 7;
  elsewhere["evaluation"]["environment"]["hardware"] = "NVIDIA B200";
  const auto results = newest(read({new_one, old_one, elsewhere}));
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].gpu, "NVIDIA B200");
  EXPECT_DOUBLE_EQ(*results[1].latency_ms, 7);
}

TEST(Result, AreFilteredByTimeAndGpu) {
  Json later = trace_json();
  later["evaluation"]["timestamp"] = "2026-01-04T10:00:00";
  ResultFilter filter;
  filter.until = "2026-01-04";
  EXPECT_EQ(read({trace_json(), later}, filter).size(), 2U);
  filter.until = "2026-01-04T09";
  EXPECT_EQ(read({trace_json(), later}, filter).size(), 1U);
  filter.gpu = "NVIDIA B200";
  EXPECT_TRUE(read({trace_json(), later}, filter).empty());
}

}  // namespace
}  // namespace fib::judge
