// SPDX-License-Identifier: Apache-2.0
//
// From a capture to cases and Workloads, over the simulated driver.
#include <gtest/gtest.h>

#include "judge/cases/case_inputs.h"
#include "judge/cases/export_workloads.h"
#include "registry/model/safetensors.h"
#include "registry/validate/validate.h"
#include "tests/unit/judge_cases/scale_capture.h"

namespace fib::judge::testing {
namespace {

std::vector<float> floats_of(const std::vector<std::byte>& bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

TEST(MakeCases, OfEachClassOneLaunchWithItsWeight) {
  const ScaleCapture scale;
  const CaseSet set = scale.cases();
  EXPECT_TRUE(set.notes.empty() || set.notes[0].find("times") != std::string::npos) << set.notes[0];
  ASSERT_EQ(set.cases.size(), 3u);
  EXPECT_EQ(set.made, 3u);
  EXPECT_EQ(set.cases[0].axes.at("n"), 100);
  EXPECT_EQ(set.cases[0].count, 2u);
  EXPECT_EQ(set.cases[0].role, "smallest");
  EXPECT_EQ(set.cases[1].axes.at("n"), 1000);
  EXPECT_EQ(set.cases[1].count, 3u) << "one alone, two in graphs";
  EXPECT_EQ(set.cases[1].role, "hottest, median");
  EXPECT_EQ(set.cases[2].role, "largest");
  for (const Case& subject : set.cases) {
    EXPECT_EQ(subject.kernel, "_Z5scalePffi");
    EXPECT_EQ(subject.gpu, "fibshim simulated GPU");
    EXPECT_EQ(subject.extract_bytes, 16000u);
    EXPECT_TRUE(std::filesystem::exists(subject.directory / "case.json"));
  }
  const CaseSet again = scale.cases();
  EXPECT_EQ(again.made, 0u) << "what is there is used again";
  ASSERT_EQ(again.cases.size(), 3u);
  EXPECT_EQ(again.cases[2].tensor_bytes, 2u * 4000 * 4) << "input and output";
  EXPECT_EQ(again.cases[2].id, set.cases[2].id);
}

TEST(MakeCases, HoldWhatTheLaunchWasGiven) {
  const ScaleCapture scale;
  const CaseSet set = scale.cases();
  const auto table = scale.table();
  CaseInputs inputs(set.cases.at(1), *table);
  EXPECT_EQ(inputs.scalars().at("factor").as_double(), 5);
  ASSERT_EQ(inputs.tensors().size(), 1u);
  const std::vector<float> x = floats_of(inputs.read(inputs.tensors()[0]));
  ASSERT_EQ(x.size(), 1000u);
  EXPECT_EQ(x[99], 2) << "after the first launch";
  EXPECT_EQ(x[100], 1);
}

TEST(MakeCases, ReadTensorsWithStrides) {
  const ScaleCapture scale;
  scale.write("bindings/toy/scale/engine.json", R"json({"name": "engine", "definition": "scale",
    "match": {"kernel": {"name": "_Z5scalePffi"}}, "axes": {"n": "param(2, 0, i32) / 50"},
    "inputs": {"x": {"pointer": "param(0, 0, ptr)", "strides": ["33"]}, "factor": null},
    "outputs": {"y": "param(0, 0, ptr)"}})json");
  const CaseSet set = scale.cases();
  const auto table = scale.table();
  ASSERT_GE(set.cases.size(), 2u);
  CaseInputs inputs(set.cases[1], *table);
  ASSERT_EQ(set.cases[1].axes.at("n"), 20);
  const std::vector<float> x = floats_of(inputs.read(inputs.tensors().at(0)));
  ASSERT_EQ(x.size(), 20u);
  EXPECT_EQ(x[3], 2) << "element 99";
  EXPECT_EQ(x[4], 1) << "element 132";
  EXPECT_TRUE(inputs.scalars().empty());
}

TEST(MakeCases, ExportAsWorkloadsThatValidate) {
  const ScaleCapture scale;
  const CaseSet set = scale.cases();
  const auto table = scale.table();
  const auto first = export_workloads(set.cases, scale.open(), *table);
  EXPECT_EQ(first.written, 3u);
  EXPECT_EQ(first.bytes, (100u + 1000 + 4000) * 4);
  const registry::Registry opened = scale.open();
  ASSERT_EQ(opened.workloads().size(), 3u);
  const registry::Workload& workload = opened.workloads()[1].record.workload;
  const auto* tensor = workload.inputs.find("x")->tensor();
  ASSERT_NE(tensor, nullptr);
  const registry::SafetensorsFile file(scale.root() / tensor->path);
  const auto* info = file.header().find(tensor->tensor_key);
  ASSERT_NE(info, nullptr) << file.header().error;
  EXPECT_EQ(std::get<double>(file.element(*info, 99).value()), 2);
  EXPECT_EQ(workload.inputs.find("factor")->scalar()->as_double(), 5);
  EXPECT_EQ(registry::validate(opened, {}).count(registry::Level::Error), 0u);
  EXPECT_EQ(export_workloads(set.cases, opened, *table).same, 3u);
}

TEST(MakeCases, WithoutABindingThereIsNoCase) {
  const ScaleCapture scale;
  scale.write("bindings/toy/scale/engine.json", R"json({"name": "engine", "definition": "scale",
    "match": {"kernel": {"name": "other"}}, "axes": {"n": "grid.x"},
    "inputs": {"x": "param(0, 0, ptr)", "factor": null},
    "outputs": {"y": "param(0, 0, ptr)"}})json");
  EXPECT_TRUE(scale.cases().cases.empty());
}

}  // namespace
}  // namespace fib::judge::testing
