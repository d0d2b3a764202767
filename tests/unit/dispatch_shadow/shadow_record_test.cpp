// SPDX-License-Identifier: Apache-2.0
//
// What a mismatch leaves on disk.
#include <sys/resource.h>

#include <fstream>

#include "registry/model/safetensors.h"
#include "registry/model/trace.h"
#include "registry/validate/validate.h"
#include "tests/unit/dispatch_shadow/shadow_fixture.h"

namespace fib::dispatch::testing {
namespace {

namespace fs = std::filesystem;
using registry::Json;

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Record : public ShadowTest {
 protected:
  /// Its only record, after one launch.
  fs::path record_of(const Scale& scale) {
    launch_all(scale, 1);
    shadow->tick();
    const auto found = records();
    EXPECT_EQ(found.size(), 1u);
    return found.empty() ? fs::path() : found.front();
  }
  static Json mismatch(const fs::path& record) {
    registry::ParsedJson parsed = registry::parse_json(text_of(record / "mismatch.json"));
    EXPECT_EQ(parsed.error, "");
    return parsed.value;
  }
  static std::vector<float> tensor(const registry::SafetensorsFile& file, const char* name) {
    const registry::TensorInfo* const info = file.header().find(name);
    if (info == nullptr) return {};
    EXPECT_EQ(info->dtype, "F32");
    std::vector<float> values(info->bytes() / sizeof(float));
    std::memcpy(values.data(), file.bytes(*info).data(), info->bytes());
    return values;
  }
};

TEST_F(Record, HoldsTheWorkloadAndBothResults) {
  start("one_off");
  const Scale scale = make(100, 0.25f);
  ASSERT_OK(launch(scale));
  ASSERT_OK(api.cuCtxSynchronize());
  for (int i = 0; i < scale.n; ++i) floats(scale.x)[i] = floats(scale.y)[i] = 7;  // too late
  shadow->tick();
  ASSERT_EQ(records().size(), 1u);
  const fs::path record = records().front();
  EXPECT_EQ(record.filename().string().rfind("one_off-", 0), 0u);

  const registry::ParsedJson line =
      registry::parse_json(text_of(record / "workloads/scaling/scale.jsonl"));
  ASSERT_EQ(line.error, "");
  registry::Findings findings;
  const auto trace = registry::read_trace(line.value, findings);
  ASSERT_TRUE(trace.has_value());
  EXPECT_TRUE(trace->is_workload());
  EXPECT_EQ(trace->definition, "scale");
  EXPECT_EQ(*trace->workload.axes.find("n"), 100);
  EXPECT_EQ(trace->workload.inputs.find("bias")->scalar()->as_double(), 0.25);
  const registry::SafetensorsInput* const x = trace->workload.inputs.find("x")->tensor();
  ASSERT_NE(x, nullptr);

  const registry::SafetensorsFile blob(record / x->path);
  ASSERT_EQ(blob.header().error, "");
  EXPECT_EQ(blob.header().tensors.size(), 3u);
  const auto inputs = tensor(blob, x->tensor_key.c_str());
  const auto incumbent = tensor(blob, "incumbent.y"), candidate = tensor(blob, "candidate.y");
  ASSERT_EQ(inputs.size(), 100u);
  ASSERT_EQ(incumbent.size(), 100u);
  ASSERT_EQ(candidate.size(), 100u);
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(inputs[i], static_cast<float>(i));
    EXPECT_EQ(incumbent[i], 2 * static_cast<float>(i) + 0.25f);
    EXPECT_EQ(candidate[i], i == 50 ? -incumbent[i] : incumbent[i]);
  }
}

TEST_F(Record, SaysWhatWasLaunchedAndWhatDiffers) {
  start("one_off");
  const Scale scale = make(100, 0.25f);
  const Json json = mismatch(record_of(scale));
  EXPECT_EQ(json["kernel"], "engine_scale");
  EXPECT_EQ(json["candidate"], "one_off");
  EXPECT_EQ(json["fingerprint"], "print of one_off");
  EXPECT_EQ(json["binding"], "bindings/scaling/scale/engine.json");
  EXPECT_EQ(json["axes"]["n"], 100);
  EXPECT_EQ(json["launch"]["grid"], Json({1, 1, 1}));
  EXPECT_EQ(json["launch"]["parameters"].size(), 4u);
  EXPECT_EQ(json["launch"]["parameters"][2]["bytes"], "64000000");
  EXPECT_EQ(json["inputs"]["bias"]["value"], 0.25);
  const Json& y = json["outputs"]["y"];
  EXPECT_EQ(y["mismatches"], 1);
  EXPECT_EQ(y["first_bad"], 50);
  EXPECT_EQ(y["first_bad_at"], Json({50}));
  EXPECT_EQ(y["incumbent_value"], 100.25);
  EXPECT_EQ(y["candidate_value"], -100.25);
  EXPECT_EQ(y["max_absolute_error"], 200.5);
  EXPECT_EQ(y["max_relative_error"], 2.0);
  EXPECT_EQ(y["max_atol"], 1e-4);
  EXPECT_EQ(y["changed_bytes_outside"], 0);
}

TEST_F(Record, SaysHowManyBytesAreOutOfBounds) {
  start("beyond_the_end");
  const Json json = mismatch(record_of(make(64)));
  EXPECT_EQ(json["outputs"]["y"]["mismatches"], 0);
  EXPECT_EQ(json["outputs"]["y"]["changed_bytes_outside"], 4);
  EXPECT_FALSE(json["outputs"]["y"].contains("first_bad"));
}

TEST_F(Record, AnInputInPlaceIsWhatItWasBefore) {
  start("twice");
  Scale scale = make(64);
  scale.y = scale.x;
  const fs::path record = record_of(scale);
  const Json json = mismatch(record);
  EXPECT_EQ(json["inputs"]["x"]["in_place"], true);
  const registry::SafetensorsFile blob(record / json["blob"].get<std::string>());
  EXPECT_EQ(tensor(blob, "x")[9], 9.f);
  EXPECT_EQ(tensor(blob, "incumbent.y")[9], 19.f);
  EXPECT_EQ(tensor(blob, "candidate.y")[9], 39.f);
}

TEST_F(Record, WhatIsTooLargeIsLeftOut) {
  start("one_off", [](Options& options) { options.scratch_bytes = std::size_t{1} << 20; });
  const Scale scale = make(50000);  // two fit into a quarter of the scratch memory, three do not
  const fs::path record = record_of(scale);
  const Json json = mismatch(record);
  EXPECT_EQ(json["outputs"]["y"].value("left_out", ""), "");
  EXPECT_NE(json["inputs"]["x"].value("left_out", ""), "");
  const registry::SafetensorsFile blob(record / json["blob"].get<std::string>());
  EXPECT_EQ(tensor(blob, "candidate.y").size(), 50000u);
  EXPECT_TRUE(tensor(blob, "x").empty());
  const std::string line = text_of(record / "workloads/scaling/scale.jsonl");
  EXPECT_NE(line.find("random"), std::string::npos);
}

TEST_F(Record, BringsTheDefinitionAndTheSolutionAlong) {
  directory.write("definitions/scaling/scale.json", "the definition");
  directory.write("solutions/us/scaling/scale/one_off.json", "the solution");
  start("one_off");
  const fs::path record = record_of(make(16));
  EXPECT_EQ(text_of(record / "definitions/scaling/scale.json"), "the definition");
  EXPECT_EQ(text_of(record / "solutions/us/scaling/scale/one_off.json"), "the solution");
}

TEST_F(Record, IsADatasetThatIsValid) {
  directory.write("definitions/scaling/scale.json", R"({
    "name": "scale", "op_type": "scaling", "axes": {"n": {"type": "var"}},
    "inputs": {"x": {"shape": ["n"], "dtype": "float32"},
               "bias": {"shape": null, "dtype": "float32"}},
    "outputs": {"y": {"shape": ["n"], "dtype": "float32"}},
    "reference": "def run(x, bias):\n    return 2 * x + bias\n"})");
  start("one_off");
  const auto registry = registry::Registry::open(record_of(make(16)));
  EXPECT_TRUE(registry.findings().list().empty());
  const registry::ValidationReport report = registry::validate(registry, {});
  EXPECT_EQ(report.definitions, 1u);
  EXPECT_EQ(report.workloads, 1u);
  for (const registry::Finding& finding : report.findings)
    EXPECT_NE(finding.level, registry::Level::Error) << finding.file << ": " << finding.message;
}

TEST_F(Record, AContextThatEndsLeavesItsMismatch) {
  start("one_off");
  launch_all(make(16), 1);
  shadow->context_ending(context);
  EXPECT_EQ(records().size(), 1u);
  shadow->tick();
  EXPECT_TRUE(is_demoted("one_off"));
}

TEST_F(Record, TheEndOfTheProcessLeavesItsMismatch) {
  start("one_off");
  launch_all(make(16), 1);
  shadow->finish();
  EXPECT_EQ(records().size(), 1u);
  EXPECT_TRUE(is_demoted("one_off"));
}

TEST_F(Record, WithoutADirectoryThereIsNone) {
  start("one_off", [](Options& options) { options.mismatch_dir = ""; });
  launch_all(make(16), 1);
  shadow->tick();
  EXPECT_TRUE(is_demoted("one_off"));
  EXPECT_TRUE(records().empty());
}

TEST_F(Record, ADirectoryThatCantBeWrittenCostsOnlyTheRecord) {
  directory.write("mismatch", "a file in its place");
  start("one_off");
  const Scale scale = make(16);
  launch_all(scale, 1);
  ::testing::internal::CaptureStderr();
  shadow->tick();
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("there is no record of its mismatch"), std::string::npos) << said;
  EXPECT_NE(said.find(mismatch_dir), std::string::npos) << said;
  EXPECT_TRUE(is_demoted("one_off"));
  launch_all(scale, 3);
  EXPECT_EQ(wrong_elements(scale), 0);
}

TEST_F(Record, AFullDiskCostsOnlyTheRecordAndLeavesNothing) {
  start("one_off");
  launch_all(make(40000), 1);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{50000, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  ::testing::internal::CaptureStderr();
  shadow->tick();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("there is no record of its mismatch"), std::string::npos) << said;
  EXPECT_TRUE(is_demoted("one_off"));
  EXPECT_TRUE(records().empty());
}

}  // namespace
}  // namespace fib::dispatch::testing
