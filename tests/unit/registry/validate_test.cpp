// SPDX-License-Identifier: Apache-2.0
//
// A sample registry without findings, and what one change of it leads to.
#include "registry/validate/validate.h"

#include <gtest/gtest.h>
#include <algorithm>

#include <functional>

#include "tests/unit/registry/sample.h"

namespace fib::registry {
namespace {

namespace fs = std::filesystem;

using testing::definition_json;
using testing::kBlob;
using testing::offsets_blob;
using testing::SampleRegistry;
using testing::solution_json;
using testing::trace_json;
using testing::workload_json;

using Change = std::function<void(Json&)>;

constexpr const char* kDefinition = "definitions/scale/scale_h8.json";
constexpr const char* kSolution = "solutions/ada/scale/scale_h8/scale_fast.json";
constexpr const char* kWorkloads = "workloads/scale/scale_h8.jsonl";
constexpr const char* kTraces = "traces/ada/scale/scale_h8.jsonl";

class Validate : public ::testing::Test {
 protected:
  void change_definition(const Change& change) const {
    write_changed(kDefinition, definition_json(), change);
  }
  void change_solution(const Change& change) const {
    write_changed(kSolution, solution_json(), change);
  }
  // The results follow their workload, so that only one thing is wrong.
  void change_workload(const Change& change) const {
    write_changed(kWorkloads, workload_json(), [&](Json& json) { change(json["workload"]); });
    write_changed(kTraces, trace_json(), [&](Json& json) { change(json["workload"]); });
    write_changed("traces/baseline/scale/scale_h8.jsonl", trace_json("scale_base"),
                  [&](Json& json) { change(json["workload"]); });
  }
  void change_trace(const Change& change) const { write_changed(kTraces, trace_json(), change); }

  // "level rule file:line pointer" of all findings but the one that there always is.
  std::vector<std::string> found() const {
    std::vector<std::string> all;
    for (const Finding& finding : sample_.validate()) {
      EXPECT_FALSE(finding.message.empty());
      EXPECT_FALSE(finding.remedy.empty());
      if (finding.rule == "benchmark.not-run") continue;
      all.push_back(std::string(to_string(finding.level)) + ' ' + finding.rule + ' ' +
                    finding.file + (finding.line > 0 ? ':' + std::to_string(finding.line) : "") +
                    (finding.pointer.empty() ? "" : ' ' + finding.pointer));
    }
    return all;
  }
  void expect(const std::vector<std::string>& expected) const { EXPECT_EQ(found(), expected); }

  SampleRegistry sample_;

 private:
  void write_changed(const char* file, Json json, const Change& change) const {
    change(json);
    sample_.write(file, to_text(json));
  }
};

TEST_F(Validate, FindsNothingInTheSample) { expect({}); }

TEST_F(Validate, LayoutOfRecords) {
  fs::rename(sample_.path() / kDefinition, sample_.path() / "definitions/scale/other.json");
  expect({"error layout.path definitions/scale/other.json"});
}

TEST_F(Validate, LayoutOfLinesOnceForEachFile) {
  sample_.write("workloads/wrong/scale_h8.jsonl",
                sample_.read(kWorkloads) + to_text(workload_json("w1b")));
  fs::remove(sample_.path() / kWorkloads);
  const auto all = found();
  EXPECT_EQ(
      std::count(all.begin(), all.end(), "error layout.path workloads/wrong/scale_h8.jsonl:1"), 1);
}

TEST_F(Validate, LayoutOfResultsFollowsTheSolutionsAuthor) {
  fs::create_directories(sample_.path() / "traces/eve/scale");
  fs::rename(sample_.path() / kTraces, sample_.path() / "traces/eve/scale/scale_h8.jsonl");
  expect({"error layout.path traces/eve/scale/scale_h8.jsonl:1"});
}

TEST_F(Validate, Blobs) {
  fs::rename(sample_.path() / kBlob, sample_.path() / "blob/other");
  expect({"warning layout.orphan-blob blob/other",
          "info workload.constraint-unevaluated definitions/scale/scale_h8.json /constraints/0",
          "error layout.blob-missing workloads/scale/scale_h8.jsonl:1 "
          "/workload/inputs/indptr/path"});
  fs::remove(sample_.path() / "blob/other");
  change_workload([](Json& w) { w["inputs"]["indptr"]["path"] = "../secret"; });
  EXPECT_EQ(found().back(),
            "error layout.blob-outside workloads/scale/scale_h8.jsonl:1 "
            "/workload/inputs/indptr/path");
}

TEST_F(Validate, UnknownDefinition) {
  fs::remove(sample_.path() / kDefinition);
  const auto all = found();
  EXPECT_EQ(all.front(), "warning layout.empty definitions");
  EXPECT_EQ(std::count_if(all.begin(), all.end(),
                          [](const std::string& finding) {
                            return finding.starts_with("error layout.unknown-definition");
                          }),
            5);
}

TEST_F(Validate, Descriptions) {
  change_definition([](Json& d) {
    d.erase("description");
    d["axes"]["rows"].erase("description");
    d["outputs"]["y"]["description"] = "";
  });
  expect({"warning definition.description definitions/scale/scale_h8.json",
          "warning definition.description definitions/scale/scale_h8.json /axes/rows",
          "warning definition.description definitions/scale/scale_h8.json /outputs/y"});
}

TEST_F(Validate, Signature) {
  const auto with = [&](const char* reference) {
    change_definition([&](Json& d) { d["reference"] = reference; });
    return found();
  };
  using List = std::vector<std::string>;
  const List error = {
      "error definition.reference-signature definitions/scale/scale_h8.json /reference"};
  const List warning = {
      "warning definition.reference-signature definitions/scale/scale_h8.json /reference"};
  EXPECT_EQ(with("def run(x, indptr): pass"), error);
  EXPECT_EQ(with("def run(x, factor, indptr): pass"), error);
  EXPECT_EQ(with("def run(x, indptr, scale): pass"), warning);
  EXPECT_EQ(with("def run(x, indptr, factor, out=None): pass"), List());
}

TEST_F(Validate, Axes) {
  change_definition([](Json& d) {
    d["axes"]["loose"] = {{"type", "var"}, {"description", "?"}};
    d["axes"]["half"] = {{"type", "expr"}, {"expression", "width // 2"}, {"description", "?"}};
    d["constraints"].push_back("half == 5");
  });
  change_workload([](Json& w) { w["axes"]["loose"] = 1; });
  expect({"warning definition.unbound-axis definitions/scale/scale_h8.json /axes/loose",
          "warning definition.expression-axis definitions/scale/scale_h8.json /axes/half",
          "error definition.constraint definitions/scale/scale_h8.json /constraints/3",
          "error workload.constraint workloads/scale/scale_h8.jsonl:1 /workload"});
}

TEST_F(Validate, AxesThatNameEachOtherEnd) {
  change_definition([](Json& d) {
    d["axes"]["a"] = {{"type", "expr"}, {"expression", "b + b + b"}, {"description", "?"}};
    d["axes"]["b"] = {{"type", "expr"}, {"expression", "a + a + a"}, {"description", "?"}};
    d["constraints"].push_back("a == 1");
  });
  EXPECT_EQ(found().size(), 3u);
}

TEST_F(Validate, WorkloadAxes) {
  change_workload([](Json& w) { w["axes"] = {{"rows", 0}, {"width", 8}}; });
  expect({"error workload.axes workloads/scale/scale_h8.jsonl:1 /workload/axes",
          "error workload.axes workloads/scale/scale_h8.jsonl:1 /workload/axes/rows",
          "error workload.axes workloads/scale/scale_h8.jsonl:1 /workload/axes/width"});
}

TEST_F(Validate, WorkloadInputs) {
  change_workload([](Json& w) {
    w["inputs"].erase("x");
    w["inputs"]["more"] = {{"type", "random"}};
    w["inputs"]["factor"] = {{"type", "random"}};
  });
  expect({"error workload.inputs workloads/scale/scale_h8.jsonl:1 /workload/inputs",
          "error workload.input-kind workloads/scale/scale_h8.jsonl:1 /workload/inputs/factor",
          "error workload.inputs workloads/scale/scale_h8.jsonl:1 /workload/inputs/more"});
}

TEST_F(Validate, ScalarsOfTheWrongType) {
  change_definition([](Json& d) { d["inputs"]["factor"]["dtype"] = "int32"; });
  expect(
      {"warning workload.scalar-dtype workloads/scale/scale_h8.jsonl:1 "
       "/workload/inputs/factor/value"});
}

TEST_F(Validate, ConstraintsOverValuesOfTensors) {
  sample_.write(kBlob, offsets_blob({0, 2, 6}));
  expect({"error workload.constraint workloads/scale/scale_h8.jsonl:1 /workload"});
}

TEST_F(Validate, ConstraintsThatAreNotUnderstood) {
  change_definition([](Json& d) { d["constraints"][2] = "torch.all(x > 0)"; });
  expect({"info workload.constraint-unevaluated definitions/scale/scale_h8.json /constraints/2"});
}

TEST_F(Validate, BlobContents) {
  const std::string line = "workloads/scale/scale_h8.jsonl:1 /workload/inputs/indptr";
  sample_.write(kBlob, offsets_blob({0, 1, 2, 5}));
  expect({"error workload.blob-shape " + line});
  const std::vector<std::int64_t> wide = {0, 2, 5};
  const TensorData tensor = {"indptr", "I64", {3}, std::as_bytes(std::span(wide))};
  sample_.write(kBlob, testing::safetensors(std::span(&tensor, 1)));
  expect({"error workload.blob-dtype " + line});
  const TensorData renamed = {"offsets", "I64", {3}, std::as_bytes(std::span(wide))};
  sample_.write(kBlob, testing::safetensors(std::span(&renamed, 1)));
  EXPECT_EQ(found().back(), "error workload.blob-key " + line + "/tensor_key");
  sample_.write(kBlob, "version https://git-lfs.github.com/spec/v1\n");
  EXPECT_EQ(found().back(), "error workload.blob-invalid " + line + "/path");
}

TEST_F(Validate, Uuids) {
  sample_.write(kWorkloads, sample_.read(kWorkloads) + sample_.read(kWorkloads));
  expect({"error workload.duplicate-uuid workloads/scale/scale_h8.jsonl:2 /workload/uuid"});
}

TEST_F(Validate, UuidsOfSeveralDefinitions) {
  Json definition = definition_json(), workload = workload_json();
  definition["name"] = workload["definition"] = "twin";
  sample_.write("definitions/scale/twin.json", to_text(definition));
  sample_.write("workloads/scale/twin.jsonl", to_text(workload));
  expect({"warning baseline.no-solution definitions/scale/twin.json",
          "warning workload.shared-uuid workloads/scale/twin.jsonl:1 /workload/uuid"});
}

TEST_F(Validate, SolutionsInPython) {
  const auto with = [&](const char* content, bool style) {
    change_solution([&](Json& s) {
      s["spec"]["language"] = "triton";
      s["spec"]["entry_point"] = "main.py::run";
      s["spec"]["destination_passing_style"] = style;
      s["sources"][0] = {{"path", "main.py"}, {"content", content}};
    });
    return found();
  };
  using List = std::vector<std::string>;
  const std::string entry = std::string(kSolution) + " /spec/entry_point";
  EXPECT_EQ(with("def run(x, indptr, factor): pass", false), List());
  EXPECT_EQ(with("def run(x, indptr, factor, y): pass", true), List());
  EXPECT_EQ(with("def run(x, indptr, factor): pass", true),
            List{"error solution.signature " + entry});
  EXPECT_EQ(with("from m import run", true), List{"warning solution.entry-point " + entry});
  EXPECT_EQ(with("def run(", true),
            List{"warning solution.source " + std::string(kSolution) + " /sources"});
}

TEST_F(Validate, SolutionsInCuda) {
  change_solution([](Json& s) { s["spec"]["entry_point"] = "main.cu::launch"; });
  expect({"warning solution.entry-point " + std::string(kSolution) + " /spec/entry_point"});
}

TEST_F(Validate, SolutionsOfTheSameContent) {
  Json twin = solution_json();
  twin["name"] = "twin";
  sample_.write("solutions/ada/scale/scale_h8/twin.json", to_text(twin));
  expect({"warning solution.same-content solutions/ada/scale/scale_h8/twin.json"});
}

TEST_F(Validate, ResultsOfUnknownThings) {
  change_trace([](Json& t) { t["solution"] = "nobody"; });
  expect({"error trace.unknown-solution traces/ada/scale/scale_h8.jsonl:1 /solution"});
  change_trace([](Json& t) { t["workload"]["uuid"] = "w9"; });
  expect({"warning trace.coverage traces/ada/scale/scale_h8.jsonl",
          "warning trace.unknown-workload traces/ada/scale/scale_h8.jsonl:1 /workload/uuid"});
  change_trace([](Json& t) { t["workload"]["axes"]["rows"] = 6; });
  expect({"warning trace.workload-differs traces/ada/scale/scale_h8.jsonl:1 /workload"});
}

TEST_F(Validate, ResultsOfAnotherDefinitionsSolution) {
  Json definition = definition_json(), solution = solution_json("other");
  definition["name"] = solution["definition"] = "twin";
  sample_.write("definitions/scale/twin.json", to_text(definition));
  sample_.write("solutions/ada/scale/twin/other.json", to_text(solution));
  change_trace([](Json& t) { t["solution"] = "other"; });
  const auto all = found();
  EXPECT_EQ(std::count(all.begin(), all.end(),
                       "error trace.solution-definition traces/ada/scale/scale_h8.jsonl:1 "
                       "/solution"),
            1);
}

TEST_F(Validate, Numbers) {
  const std::string line = "traces/ada/scale/scale_h8.jsonl:1 /evaluation/";
  change_trace([](Json& t) { t["evaluation"]["performance"]["speedup_factor"] = 99; });
  expect({"warning trace.numbers " + line + "performance/speedup_factor"});
  change_trace([](Json& t) { t["evaluation"]["performance"]["latency_ms"] = 0; });
  expect({"warning trace.numbers " + line + "performance/latency_ms"});
  change_trace([](Json& t) { t["evaluation"]["correctness"]["max_absolute_error"] = "NaN"; });
  expect({"warning trace.numbers " + line + "correctness"});
}

TEST_F(Validate, Duplicates) {
  sample_.write(kTraces, sample_.read(kTraces) + sample_.read(kTraces));
  expect({"warning trace.duplicate traces/ada/scale/scale_h8.jsonl:2"});
}

TEST_F(Validate, Hardware) {
  const auto measured_on = [&](const char* hardware) {
    change_trace([&](Json& t) { t["evaluation"]["environment"]["hardware"] = hardware; });
    return found();
  };
  using List = std::vector<std::string>;
  const std::string line = "traces/ada/scale/scale_h8.jsonl:1 /evaluation/environment/hardware";
  EXPECT_EQ(measured_on("NVIDIA B200"),
            (List{"info trace.hardware-mixed definitions/scale/scale_h8.json",
                  "warning trace.hardware-target " + line}));
  change_solution([](Json& s) { s["spec"]["target_hardware"] = {"cuda"}; });
  EXPECT_EQ(measured_on("NVIDIA B200"),
            List{"info trace.hardware-mixed definitions/scale/scale_h8.json"});
  EXPECT_EQ(measured_on("NVIDIA_H200"),
            List{"warning trace.hardware-spelling traces/baseline/scale/scale_h8.jsonl:1 "
                 "/evaluation/environment/hardware"});
}

TEST_F(Validate, Baseline) {
  fs::remove_all(sample_.path() / "traces/baseline");
  expect({"warning baseline.no-trace definitions/scale/scale_h8.json"});
  fs::remove_all(sample_.path() / "solutions/baseline");
  expect({"warning baseline.no-solution definitions/scale/scale_h8.json"});
}

TEST_F(Validate, BaselineResults) {
  Json failed = trace_json("scale_base", "w2");
  failed["evaluation"]["status"] = "TIMEOUT";
  failed["evaluation"].erase("correctness");
  failed["evaluation"].erase("performance");
  const std::string file = "traces/baseline/scale/scale_h8.jsonl";
  sample_.write(kWorkloads, to_text(workload_json()) + '\n' + to_text(workload_json("w2")));
  sample_.write(file, to_text(failed));
  expect({"warning trace.coverage traces/ada/scale/scale_h8.jsonl",
          "warning trace.coverage " + file, "warning baseline.coverage " + file,
          "warning baseline.failed " + file + ":1 /evaluation/status"});
  sample_.write(file, to_text(trace_json()));
  const auto all = found();
  EXPECT_EQ(std::count(all.begin(), all.end(),
                       "error baseline.foreign-solution " + file + ":1 /solution"),
            1);
}

TEST_F(Validate, OptionsNarrowWhatIsChecked) {
  change_definition([](Json& d) { d.erase("description"); });
  change_trace([](Json& t) { t["solution"] = "nobody"; });
  const Registry registry = sample_.open();
  EXPECT_EQ(validate(registry, {{"trace"}, {}, {}}).findings.size(), 1u);
  EXPECT_EQ(validate(registry, {{"layout"}, {}, {}}).findings.size(), 0u);
  const auto other = validate(registry, {{}, {}, {"other"}});
  EXPECT_EQ(other.definitions, 0u);
  EXPECT_TRUE(other.findings.empty());
  EXPECT_EQ(validate(registry, {{}, {"scale"}, {}}).definitions, 1u);
}

}  // namespace
}  // namespace fib::registry
