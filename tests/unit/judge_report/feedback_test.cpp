// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>

#include "judge/report/report_input.h"
#include "tests/unit/judge_report/made_report.h"

namespace fib::judge {
namespace {

using registry::Json;
using testing::made_report;

TEST(Feedback, SaysWhatIsWrongWhereAndHowFar) {
  const Json bad = feedback(made_report())["results"][2];
  EXPECT_EQ(bad["status"], "INCORRECT_NUMERICAL");
  EXPECT_EQ(bad["passed"], false);
  EXPECT_EQ(bad["reason"], "writes too much");
  const Json& correctness = bad["correctness"];
  EXPECT_EQ(correctness["matched_ratio"], 0.5);
  EXPECT_EQ(correctness["first_wrong"]["output"], "y");
  EXPECT_EQ(correctness["first_wrong"]["index"], Json({3, 17}));
  EXPECT_EQ(correctness["first_wrong"]["expected"], 1.5);
  EXPECT_EQ(correctness["first_wrong"]["got"], 2.5);
  EXPECT_EQ(correctness["checks"][1]["passed"], false);
  EXPECT_TRUE(bad["latency_ms"].is_null());
  EXPECT_TRUE(bad["speedup"].is_null());
}

TEST(Feedback, HasSpeedupsWithIntervalsAndWhatTheySave) {
  const Json document = feedback(made_report());
  const Json& good = document["results"][0];
  EXPECT_EQ(good["speedup"]["low"], 1.9);
  EXPECT_EQ(good["verdict"], "faster");
  EXPECT_EQ(good["saved_ms"], 20.0);
  EXPECT_EQ(good["engine"]["runs"], 10.0);
  EXPECT_EQ(document["gpus"][0]["saved_ms"], 20.0);
}

TEST(Feedback, DrawsTheRooflineFromWhatIsKnown) {
  ReportInput input = made_report();
  EXPECT_EQ(feedback(input)["results"][0]["roofline"]["bytes_per_second"], "unknown");
  ResultDetails& details = input.results[0].details;
  details.bytes_touched = 6e6;
  details.bytes_from = "definition";
  Json roofline = feedback(input)["results"][0]["roofline"];
  EXPECT_DOUBLE_EQ(roofline["bytes_per_second"].get<double>(), 3e9);  // 6 MB in 2 ms
  EXPECT_DOUBLE_EQ(roofline["incumbent_bytes_per_second"].get<double>(), 1.5e9);
  EXPECT_EQ(roofline["peak_bytes_per_second"], "unknown");
  EXPECT_EQ(roofline["share_of_peak"], "unknown");
  details.peak_bandwidth = 4e9;
  roofline = feedback(input)["results"][0]["roofline"];
  EXPECT_DOUBLE_EQ(roofline["share_of_peak"].get<double>(), 0.75);
}

TEST(Feedback, TellsWhatTheEngineRuns) {
  ReportInput input = made_report();
  const Json engine = feedback(input)["engine"];
  EXPECT_EQ(engine["kernels"][0]["gpu_ms"], 3.0);
  EXPECT_EQ(engine["kernels"][0]["definitions"]["norm"], 30);
  EXPECT_EQ(engine["bubbles"]["speedup_bound"], 2.0);
  input.engine.reset();
  EXPECT_FALSE(feedback(input).contains("engine"));
}

TEST(Feedback, WritesInfinityAndNanAsUpstreamDoes) {
  ReportInput input = made_report();
  input.results[2].details.first_wrong->got = std::numeric_limits<double>::quiet_NaN();
  input.results[2].details.max_absolute_error = std::numeric_limits<double>::infinity();
  const Json correctness = feedback(input)["results"][2]["correctness"];
  EXPECT_EQ(correctness["first_wrong"]["got"], "NaN");
  EXPECT_EQ(correctness["max_absolute_error"], "Infinity");
}

TEST(Feedback, KeepsTheEndOfALongLog) {
  ReportInput input = made_report();
  input.results[0].details.log = std::string(10000, 'a') + "the end";
  const auto log = feedback(input)["results"][0]["log"].get<std::string>();
  EXPECT_LT(log.size(), 5000U);
  EXPECT_TRUE(log.ends_with("the end"));
}

}  // namespace
}  // namespace fib::judge
