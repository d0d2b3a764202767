// SPDX-License-Identifier: Apache-2.0
//
// fib rank, compare and report, within the test's process. No number here was measured.
#include <gtest/gtest.h>

#include <array>
#include <initializer_list>
#include <sstream>

#include "cli/app.h"
#include "tests/unit/cli/run_fib.h"
#include "tests/unit/registry/sample.h"

namespace fib::cli {
namespace {

using registry::Json;
using registry::testing::SampleRegistry;
using registry::testing::trace_json;

testing::FibResult fib(const std::vector<std::string>& arguments) {
  static constexpr std::array<VerbFactory, 3> kVerbs = {make_rank_verb, make_compare_verb,
                                                        make_report_verb};
  std::ostringstream out;
  ::testing::internal::CaptureStderr();
  const int code = run_app(kVerbs, arguments, out);
  return {code, out.str(), ::testing::internal::GetCapturedStderr()};
}

bool has(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

Json judged(double incumbent, double latency, const std::string& time = "2026-01-01T00:00:00") {
  Json trace = trace_json();
  trace["workload"]["fibshim"] = {{"weight", 100}, {"kernel", "_Z4normPf"}};
  trace["evaluation"]["timestamp"] = time;
  const double ratio = incumbent / latency;
  trace["evaluation"]["performance"] = {{"latency_ms", latency},
                                        {"reference_latency_ms", incumbent},
                                        {"speedup_factor", ratio},
                                        {"fibshim",
                                         {{"incumbent_latency_ms", incumbent},
                                          {"speedup_low", ratio * 0.99},
                                          {"speedup_high", ratio * 1.01},
                                          {"confidence", 0.95},
                                          {"verdict", ratio > 1.01 ? "faster" : "slower"}}}};
  return trace;
}

Json broken(const std::string& time) {
  Json trace = judged(2, 1, time);
  trace["evaluation"]["status"] = "TIMEOUT";
  trace["evaluation"]["correctness"] = trace["evaluation"]["performance"] = nullptr;
  return trace;
}

struct JudgedRegistry : SampleRegistry {
  explicit JudgedRegistry(std::initializer_list<Json> traces) {
    std::string lines;
    for (const Json& trace : traces) lines += registry::to_text(trace) + '\n';
    write("traces/ada/scale/scale_h8.jsonl", lines);
  }
};

TEST(RankVerb, RanksByTimeSaved) {
  const JudgedRegistry sample({judged(3, 2)});
  const auto text = fib({"rank", "--registry", sample.path()});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_TRUE(has(text.out, "100 ms")) << text.out;  // 100 x 1 ms
  const auto json = fib({"rank", "--registry", sample.path(), "--json"});
  const Json document = Json::parse(json.out);
  EXPECT_EQ(document["baseline"], "incumbent");
  EXPECT_DOUBLE_EQ(document["gpus"][0]["ranking"][0]["saved_ms"].get<double>(), 100);
  EXPECT_DOUBLE_EQ(document["gpus"][0]["best_together"]["saved_ms"].get<double>(), 100);
}

TEST(RankVerb, TakesUpstreamsBaselineWhereThereIsNoIncumbent) {
  const SampleRegistry sample;  // both took 0.01 ms
  const auto above =
      fib({"rank", "--registry", sample.path(), "--by", "fast_p", "--p", "1", "--json"});
  const auto at_least = fib(
      {"rank", "--registry", sample.path(), "--by", "fast_p", "--p", "1", "--at-least", "--json"});
  const Json a = Json::parse(above.out), b = Json::parse(at_least.out);
  EXPECT_EQ(a["baseline"], "baseline");
  EXPECT_EQ(a["threshold"], ">");
  EXPECT_EQ(a["gpus"][0]["ranking"][0]["share"], 0.0);
  EXPECT_EQ(b["threshold"], ">=");
  EXPECT_EQ(b["gpus"][0]["ranking"][0]["share"], 1.0);
  EXPECT_EQ(b["gpus"][0]["ranking"][0]["possible"], 1);
}

TEST(RankVerb, SaysWhyAuthorsCanNotBeRanked) {
  const SampleRegistry sample;
  const auto result =
      fib({"rank", "--registry", sample.path(), "--by", "author", "--baseline", "eve"});
  EXPECT_EQ(result.code, 2);
  EXPECT_TRUE(has(result.err, "author 'eve' has no Solution for scale_h8")) << result.err;
}

TEST(RankVerb, RefusesNonsense) {
  const SampleRegistry sample;
  EXPECT_EQ(fib({"rank", "--registry", "/nowhere"}).code, 3);
  EXPECT_EQ(fib({"rank", "--registry", sample.path(), "--by", "beauty"}).code, 2);
  EXPECT_EQ(fib({"rank", "--registry", sample.path(), "--p", "-1"}).code, 2);
  EXPECT_EQ(fib({"rank", "--registry", sample.path(), "--json", "--markdown"}).code, 2);
}

TEST(CompareVerb, FailsOnARegressionOnlyIfAsked) {
  const JudgedRegistry before({judged(4, 2)}), after({judged(4, 2.2, "2026-02-01T00:00:00")});
  EXPECT_EQ(fib({"compare", before.path(), after.path()}).code, 0);
  const auto result = fib({"compare", before.path(), after.path(), "--fail-on-regression", "5"});
  EXPECT_EQ(result.code, 1);
  EXPECT_TRUE(has(result.out, "slower (!)")) << result.out;
  EXPECT_TRUE(has(result.out, "1 regression by more than 5.00 %")) << result.out;
  EXPECT_EQ(fib({"compare", before.path(), after.path(), "--fail-on-regression", "20"}).code, 0);
  EXPECT_EQ(fib({"compare", after.path(), before.path(), "--fail-on-regression", "0"}).code, 0);
}

TEST(CompareVerb, ComparesTwoTimesOfOneRegistry) {
  const JudgedRegistry sample(
      {judged(4, 2), broken("2026-02-01T10:00:00"), judged(4, 2, "2026-03-01T00:00:00")});
  const std::string path = sample.path();
  const auto failed =
      fib({"compare", path + "@2026-01-01", path + "@2026-02-01", "--fail-on-regression", "50"});
  EXPECT_EQ(failed.code, 1);
  EXPECT_TRUE(has(failed.out, "new failure (!)") && has(failed.out, "TIMEOUT")) << failed.out;
  const auto fixed = fib({"compare", path + "@2026-02-01", path, "--json"});
  const Json changes = Json::parse(fixed.out)["changes"];
  EXPECT_EQ(changes[0]["change"], "fixed");
  EXPECT_EQ(fib({"compare", path + "@2020", path}).code, 2);  // nothing that early
}

TEST(ReportVerb, WritesAllThreeForms) {
  const JudgedRegistry sample({judged(3, 2)});
  const std::string page = sample.path() / "page.html", table = sample.path() / "table.md";
  const auto result =
      fib({"report", "--registry", sample.path(), "-o", page, "--markdown", table, "--json", "-"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(has(sample.read("page.html"), "<!doctype html>"));
  EXPECT_TRUE(has(sample.read("table.md"), "| scale\\_fast |"));
  const Json document = Json::parse(result.out);
  EXPECT_EQ(document["results"].size(), 2U);
  // 5 x 8 bfloat16 in and out, 3 int32 of offsets; the factor is no tensor.
  const Json& roofline = document["results"][1]["roofline"];
  EXPECT_EQ(document["results"][1]["solution"], "scale_fast");
  EXPECT_EQ(roofline["bytes_touched"], 172.0);
  EXPECT_EQ(roofline["bytes_from"], "definition");
}

TEST(ReportVerb, SaysWhatIsMissing) {
  const SampleRegistry sample;
  EXPECT_EQ(fib({"report", "--registry", sample.path()}).code, 2);
  EXPECT_EQ(fib({"report", "--json", "-"}).code, 2);
  EXPECT_EQ(fib({"report", "--registry", sample.path(), "--replay", "x", "--json", "-"}).code, 2);
  EXPECT_EQ(fib({"report", "--registry", sample.path(), "--solution", "none", "--json", "-"}).code,
            2);
  EXPECT_EQ(fib({"report", "--registry", sample.path(), "-o", "/nowhere/x.html"}).code, 4);
  EXPECT_EQ(fib({"report", "--registry", sample.path(), "/nowhere", "--json", "-"}).code, 3);
}

}  // namespace
}  // namespace fib::cli
