// SPDX-License-Identifier: Apache-2.0
//
// From files to decisions: a registry on disk becomes a table, and what is wrong in it a finding.
#include "registry/bindings/table_source.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <optional>

#include "tests/unit/registry_match/norm_table.h"

namespace fib::registry {
namespace {

namespace fs = std::filesystem;
using match::Reason;
using match::testing::norm_launch;

constexpr const char* kDefinition = R"J({"name": "rmsnorm_h4096", "op_type": "rmsnorm",
  "axes": {"batch": {"type": "var"}, "hidden": {"type": "const", "value": 4096}},
  "inputs": {"x": {"shape": ["batch", "hidden"], "dtype": "bfloat16"},
             "weight": {"shape": ["hidden"], "dtype": "bfloat16"},
             "eps": {"shape": null, "dtype": "float32"}},
  "outputs": {"y": {"shape": ["batch", "hidden"], "dtype": "bfloat16"}},
  "reference": "def run(x, weight, eps):\n    return x\n"})J";

constexpr const char* kSolution =
    R"J({"name": "fast", "definition": "rmsnorm_h4096", "author": "me",
  "spec": {"language": "cuda", "target_hardware": ["NVIDIA H200"], "entry_point": "a.cu::run",
    "launch": {"kernels": [{"entry": "norm", "grid": ["batch"], "block": [256], "arguments": [
      {"type": "ptr", "value": "x"}, {"type": "ptr", "value": "y"},
      {"type": "f32", "value": "eps"}]}]}},
  "sources": [{"path": "a.cu", "content": "//"}]})J";

constexpr const char* kBinding = R"J({"name": "engine", "definition": "rmsnorm_h4096",
  "match": {"kernel": {"regex": "rmsnorm_kernel"}},
  "axes": {"batch": "grid.x", "hidden": 4096},
  "inputs": {"x": "param(0)", "weight": "param(1)", "eps": "param(4, 0, f32)"},
  "outputs": {"y": "param(2)"}})J";

std::string trace(int batch, const std::string& timestamp, const std::string& status,
                  double speedup) {
  const std::string number = std::to_string(batch);
  std::string line =
      R"J({"definition": "rmsnorm_h4096", "solution": "fast", "workload": {"uuid": "w)J" + number +
      R"J(", "axes": {"batch": )J" + number + R"J(}, "inputs": {}}, "evaluation": {"status": ")J" +
      status + R"J(", "timestamp": ")J" + timestamp +
      R"J(", "environment": {"hardware": "NVIDIA H200", "libs": {}}, "log": "")J";
  if (status == "PASSED") {
    line += R"J(, "correctness": {"max_relative_error": 0.001, "max_absolute_error": 0.001},
      "performance": {"latency_ms": 1, "reference_latency_ms": 9, "speedup_factor": 9,
      "fibshim": {"incumbent_latency_ms": 2, "confidence": 0.99, "speedup_low": )J" +
            std::to_string(speedup) + "}}";
    for (char& c : line) c = c == '\n' ? ' ' : c;
  }
  return line + "}}\n";
}

/// A registry in a directory of its own.
class TableSource : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("fib_table_source." + std::to_string(getpid()));
    fs::remove_all(root_);
    write("definitions/rmsnorm/rmsnorm_h4096.json", kDefinition);
    write("solutions/me/rmsnorm/rmsnorm_h4096/fast.json", kSolution);
    write("bindings/rmsnorm/rmsnorm_h4096/engine.json", kBinding);
    write("traces/me/rmsnorm/rmsnorm_h4096.jsonl",
          trace(1, "2026-01-01T00:00:00", "PASSED", 1.5) +
              trace(2, "2026-01-01T00:00:00", "PASSED", 1.5));
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& file, const std::string& text) const {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  void append(const std::string& file, const std::string& text) const {
    std::ofstream(root_ / file, std::ios::app) << text;
  }

  void build() {
    findings_ = {};
    const Registry registry = Registry::open(root_);
    for (const Finding& finding : registry.findings().list()) ADD_FAILURE() << finding.message;
    bindings_ = load_bindings(registry);
    table_ = build_table(registry, bindings_, findings_);
  }

  Reason reason(std::uint32_t batch, std::optional<match::CodeHash> code = {}) {
    const auto launch = norm_launch(batch);
    match::KernelIdentity kernel;
    kernel.name = "rmsnorm_kernel";
    kernel.layout = launch.layout();
    kernel.code = code;
    const match::Demotions demotions(table_->candidates());
    match::Bound bound;
    return table_
        ->lookup(table_->resolve(kernel), table_->model("NVIDIA H200"), launch.view(), demotions,
                 bound)
        .reason;
  }

  fs::path root_;
  Bindings bindings_;
  Findings findings_;
  std::unique_ptr<const match::MatchTable> table_;
};

TEST_F(TableSource, FilesBecomeDecisions) {
  build();
  EXPECT_TRUE(bindings_.findings.list().empty());
  for (const Finding& finding : findings_.list()) ADD_FAILURE() << finding.message;
  EXPECT_EQ(reason(1), Reason::Exact);
  EXPECT_EQ(reason(3), Reason::AxisOutOfRange);
}

TEST_F(TableSource, TheNewestResultCounts) {
  append("traces/me/rmsnorm/rmsnorm_h4096.jsonl",
         trace(1, "2026-02-01T00:00:00", "RUNTIME_ERROR", 0) +
             trace(2, "2025-02-01T00:00:00", "RUNTIME_ERROR", 0));
  build();
  EXPECT_EQ(reason(1), Reason::NotClear);
  EXPECT_EQ(reason(2), Reason::Exact);
}

TEST_F(TableSource, WithoutAComparisonNothingIsClear) {
  std::string line = trace(1, "2026-02-01T00:00:00", "PASSED", 1.5);
  line.replace(line.find("\"fibshim\""), 9, "\"other\"");
  append("traces/me/rmsnorm/rmsnorm_h4096.jsonl", line);
  build();
  EXPECT_EQ(reason(1), Reason::NotClear);
  write(kPoliciesFile, R"J({"default": {"baseline": "reference", "require_confidence": false}})J");
  build();
  EXPECT_EQ(reason(1), Reason::Exact);
}

TEST_F(TableSource, AWorkloadTellsTheCodeThatItsResultsHoldFor) {
  std::string line = trace(1, "2026-02-01T00:00:00", "PASSED", 1.5);
  const std::string uuid = "\"uuid\"";
  line.insert(line.find(uuid), R"("fibshim": {"code": "000102030405060708090a0b0c0d0e0f"}, )");
  append("traces/me/rmsnorm/rmsnorm_h4096.jsonl", line);
  write(kPoliciesFile, R"J({"default": {"same_code": true}})J");
  build();
  match::CodeHash judged;
  std::iota(judged.begin(), judged.end(), std::uint8_t{0});
  EXPECT_EQ(reason(1, judged), Reason::Exact);
  EXPECT_EQ(reason(1, match::CodeHash{1}), Reason::CodeNotJudged);
  write(kPoliciesFile, R"J({"default": {"same_code": false}})J");
  build();
  EXPECT_EQ(reason(1, match::CodeHash{1}), Reason::Exact);
}

TEST_F(TableSource, ErrorsNameFilePointerAndColumn) {
  std::string binding = kBinding;
  binding.replace(binding.find("grid.x"), 6, "grid.w");
  write("bindings/rmsnorm/rmsnorm_h4096/wrong.json", binding);
  write("bindings/rmsnorm/rmsnorm_h4096/torn.json", "{\"name\": ");
  write("bindings/rmsnorm/rmsnorm_h4096/empty.json", "{}");
  build();
  ASSERT_EQ(findings_.count(Level::Error), 1u);
  const Finding& wrong = findings_.list()[0];
  EXPECT_EQ(wrong.file, "bindings/rmsnorm/rmsnorm_h4096/wrong.json");
  EXPECT_EQ(wrong.pointer, "/axes/batch");
  EXPECT_NE(wrong.message.find("column 6"), std::string::npos) << wrong.message;
  EXPECT_GE(bindings_.findings.count(Level::Error), 2u);
  EXPECT_EQ(reason(1), Reason::Exact) << "the good one still works";
}

TEST_F(TableSource, BadPoliciesTurnEverythingOff) {
  write(kPoliciesFile, "{");
  build();
  EXPECT_TRUE(bindings_.findings.has_errors());
  EXPECT_EQ(reason(1), Reason::Disabled);
}

TEST_F(TableSource, SolutionsWithoutALaunchBlockAreNoCandidates) {
  std::string solution = kSolution;
  solution.replace(solution.find("\"launch\""), 8, "\"other\"");
  write("solutions/me/rmsnorm/rmsnorm_h4096/fast.json", solution);
  build();
  EXPECT_EQ(reason(1), Reason::NoCandidate);
}

}  // namespace
}  // namespace fib::registry
