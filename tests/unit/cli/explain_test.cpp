// SPDX-License-Identifier: Apache-2.0
//
// `fib explain` on captures and registries that are made here.
#include <gtest/gtest.h>

#include "registry/model/json.h"
#include "tests/unit/cli/recorded_scale.h"
#include "tests/unit/cli/run_fib.h"

namespace fib::cli {
namespace {

using registry::Json;
using testing::FibResult;
using testing::RecordedScale;
using testing::run_fib;

const char* const kDefinition = R"({
  "name": "scale", "op_type": "scale",
  "axes": {"n": {"type": "var"}, "width": {"type": "const", "value": 1}},
  "inputs": {"x": {"shape": ["n", "width"], "dtype": "float32"}},
  "outputs": {"y": {"shape": ["n", "width"], "dtype": "float32"}},
  "reference": "def run(x):\n    return x\n"})";

const char* const kSolution = R"({
  "name": "fast", "definition": "scale", "author": "ada",
  "spec": {"language": "cuda", "target_hardware": ["NVIDIA H200"], "entry_point": "k.cu::k",
    "launch": {"kernels": [{"entry": "k", "grid": [1], "block": [1],
                            "arguments": [{"type": "ptr", "value": "y"}]}],
               "tensors": {"x": {"tail": 1}, "y": {"tail": 1}}}},
  "sources": [{"path": "k.cu", "content": "k"}]})";

/// A result of "fast" that is clearly faster.
std::string result(int n, const std::string& gpu = "NVIDIA H200", double low = 1.5) {
  const Json json = {
      {"definition", "scale"},
      {"solution", "fast"},
      {"workload",
       {{"uuid", "w" + std::to_string(n)},
        {"axes", {{"n", n}}},
        {"inputs", {{"x", {{"type", "random"}}}}}}},
      {"evaluation",
       {{"status", "PASSED"},
        {"environment", {{"hardware", gpu}, {"libs", Json::object()}}},
        {"timestamp", "2026-01-01T00:00:00"},
        {"log", ""},
        {"correctness", {{"max_absolute_error", 0.0}, {"max_relative_error", 0.0}}},
        {"performance",
         {{"latency_ms", 1.0},
          {"reference_latency_ms", 2.0},
          {"speedup_factor", 2.0},
          {"fibshim",
           {{"incumbent_latency_ms", 2.0}, {"speedup_low", low}, {"confidence", 0.95}}}}}}}};
  return registry::to_text(json) + '\n';
}

class Explain : public ::testing::Test {
 protected:
  Explain() {
    file("definitions/scale/scale.json", kDefinition);
    file("solutions/ada/scale/scale/fast.json", kSolution);
    file("traces/ada/scale/scale.jsonl", result(900) + result(4000));
    binding(Json::object());
  }
  void file(const std::string& name, const std::string& text) {
    recorded_.directory().write("registry/" + name, text);
  }
  /// The binding, with these members instead of its own.
  void binding(const Json& members) {
    Json json = {{"name", "engine"},
                 {"definition", "scale"},
                 {"match", {{"kernel", {{"name", RecordedScale::kKernel}}}}},
                 {"axes", {{"n", "param(3, 0, i32)"}, {"width", 1}}},
                 {"inputs", {{"x", "param(0, 0, ptr)"}}},
                 {"outputs", {{"y", "param(1, 0, ptr)"}}}};
    for (const auto& [key, value] : members.items()) json[key] = value;
    file("bindings/scale/scale/engine.json", registry::to_text(json));
  }
  FibResult run(std::vector<std::string> more = {}) {
    if (capture_.empty()) capture_ = recorded_.usual().save();
    std::vector<std::string> command = {"explain", capture_, "--registry",
                                        recorded_.path("registry")};
    command.insert(command.end(), more.begin(), more.end());
    return run_fib(command);
  }
  /// "Reason:launches" of each reason, and what exactly, of the only kernel.
  std::vector<std::pair<std::string, std::string>> reasons(std::vector<std::string> more = {}) {
    more.emplace_back("--json");
    const FibResult result = run(more);
    EXPECT_EQ(result.code, 0) << result.err;
    const registry::ParsedJson json = registry::parse_json(result.out);
    EXPECT_EQ(json.error, "") << result.out;
    std::vector<std::pair<std::string, std::string>> list;
    for (const Json& reason : json.value["kernels"][0]["reasons"]) {
      list.emplace_back(reason["reason"].get<std::string>() + ':' + reason["launches"].dump(),
                        reason.value("detail", reason.value("candidate", "")));
    }
    return list;
  }

  RecordedScale recorded_;
  std::string capture_;
};

using Reasons = std::vector<std::pair<std::string, std::string>>;

TEST_F(Explain, HitsAndWhatWasNotMeasured) {
  EXPECT_EQ(reasons(),
            (Reasons{{"Exact:3", "fast"},
                     {"NotFound:2", "n = 1000; measured nearest: n = 900; n = 4000"},
                     {"AxisOutOfRange:1", "n = 9999; measured nearest: n = 4000; n = 900"}}));
}

TEST_F(Explain, InWords) {
  const FibResult result = run();
  EXPECT_NE(result.out.find("scale\n  6 launches (100"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("  3  Exact → fast\n"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("1 kernel, 3 of 6 launches would be redirected on NVIDIA H200"),
            std::string::npos)
      << result.out;
}

TEST_F(Explain, TheConditionThatDidNotHold) {
  binding({{"match",
            {{"kernel", {{"name", RecordedScale::kKernel}}},
             {"conditions", {"grid.y == 1", "block.x == 128"}}}}});
  EXPECT_EQ(reasons(),
            (Reasons{{"ConditionFalse:6", "condition `block.x == 128`, where `block.x` is 256"}}));
}

TEST_F(Explain, TheCheckThatDidNotHold) {
  file("traces/ada/scale/scale.jsonl", result(1000) + result(4000) + result(9999));
  binding({{"checks", {"n % 2 == 0"}}});
  EXPECT_EQ(reasons(), (Reasons{{"Exact:5", "fast"},
                                {"ConditionFalse:1", "check `n % 2 == 0`, where `n % 2` is 1"}}));
}

TEST_F(Explain, ExpressionsWithoutAValue) {
  binding({{"axes", {{"n", "param(9, 0, i32)"}, {"width", 1}}}});
  const auto found = reasons();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].first, "ExpressionFailed:6");
  EXPECT_NE(found[0].second.find("axis n: `param(9, 0, i32)` has no value"), std::string::npos);
}

TEST_F(Explain, AxesThatDiffer) {
  binding({{"axes", {{"n", "param(3, 0, i32)"}, {"width", "block.x"}}}});
  EXPECT_EQ(reasons(), (Reasons{{"ConstAxisMismatch:6", "width is 256, the Definition has 1"}}));
}

TEST_F(Explain, TheGpuThatWasNotMeasured) {
  EXPECT_EQ(reasons({"--gpu", "NVIDIA A100"}),
            (Reasons{{"DeviceMismatch:6", "this is NVIDIA A100, measured on NVIDIA H200"}}));
}

TEST_F(Explain, NotClear) {
  file("traces/ada/scale/scale.jsonl", result(1000, "NVIDIA H200", 1.0) + result(4000));
  EXPECT_EQ(reasons()[1], (std::pair<std::string, std::string>{"NotClear:2", "n = 1000"}));
}

TEST_F(Explain, KernelsWithoutABindingAndWithAnotherLayout) {
  binding({{"match", {{"kernel", {{"name", RecordedScale::kKernel}}}, {"parameters", {{0, 8}}}}}});
  EXPECT_EQ(reasons()[0].first, "LayoutMismatch:6");
  binding({{"match", {{"kernel", {{"name", "another"}}}}}});
  EXPECT_EQ(reasons()[0].first, "NoRule:6");
  binding({{"match",
            {{"kernel", {{"name", RecordedScale::kKernel}}},
             {"code", "00112233445566778899aabbccddeeff"}}}});
  EXPECT_EQ(reasons()[0].first, "CodeMismatch:6");
}

TEST_F(Explain, OnlyTheKernelsAskedFor) {
  EXPECT_EQ(run({"--kernel", "nothing"}).out,
            "0 kernels, 0 of 0 launches would be redirected on no GPU\n");
}

TEST_F(Explain, HostileRegistriesAreNamed) {
  file("bindings/scale/scale/engine.json", "{");
  FibResult result = run();
  EXPECT_EQ(result.code, 0);
  EXPECT_NE(result.out.find("bindings/scale/scale/engine.json"), std::string::npos) << result.out;
  binding({{"axes", {{"n", "param(3, 0, i32"}, {"width", 1}}}});
  result = run();
  EXPECT_NE(result.out.find("bindings/scale/scale/engine.json /axes/n"), std::string::npos)
      << result.out;
}

TEST_F(Explain, SaysWhatIsMissing) {
  EXPECT_EQ(run_fib({"explain"}).code, 2);
  EXPECT_EQ(run_fib({"explain", "/nowhere"}).code, 2);
  EXPECT_EQ(run_fib({"explain", "/nowhere", "--report", "/nowhere"}).code, 2);
  FibResult result = run_fib({"explain", "/nowhere", "--registry", recorded_.path("registry")});
  EXPECT_EQ(result.code, 3);
  EXPECT_NE(result.err.find("/nowhere"), std::string::npos);
  result = run_fib({"explain", "x", "--registry", "/nowhere"});
  EXPECT_EQ(result.code, 3);
  EXPECT_NE(result.err.find("/nowhere"), std::string::npos);
  result = run_fib({"explain", "--report", "/nowhere"});
  EXPECT_EQ(result.code, 3);
  EXPECT_NE(result.err.find("/nowhere"), std::string::npos);
  EXPECT_EQ(run_fib({"explain", "--live", "999999999"}).code, 2);
}

}  // namespace
}  // namespace fib::cli
