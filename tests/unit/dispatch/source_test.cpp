// SPDX-License-Identifier: Apache-2.0
//
// What is read of a registry, and what is made of it.
#include "dispatch/source/registry_source.h"

#include <gtest/gtest.h>

#include "tests/unit/dispatch/disk_registry.h"

namespace fib::dispatch {
namespace {

using namespace testing;

class Source : public ::testing::Test {
 protected:
  std::unique_ptr<Deployment> read(std::vector<Gpu> gpus = {{kGpuName, 90}}) {
    source_ = std::make_unique<RegistrySource>(disk_.root().string(), "");
    return source_->read(gpus);
  }

  /// Nothing was wrong, and the only candidate can be used.
  void expect_good(const Deployment* deployment) {
    ASSERT_NE(deployment, nullptr) << source_->refusal();
    for (const std::string& line : source_->said()) ADD_FAILURE() << line;
    ASSERT_EQ(deployment->candidates.size(), 1u);
    EXPECT_EQ(deployment->table->candidates(), 1u);
    EXPECT_EQ(deployment->candidates[0].unusable, "");
  }

  DiskRegistry disk_;
  std::unique_ptr<RegistrySource> source_;
};

TEST_F(Source, ReadsACandidateWithItsCodeAndTolerances) {
  const auto deployment = read();
  expect_good(deployment.get());
  const CandidateCode& code = deployment->candidates[0];
  ASSERT_EQ(code.images.size(), 1u);
  EXPECT_EQ(code.images[0].module, "");
  EXPECT_EQ(code.images[0].arch, 90u);
  EXPECT_EQ(code.images[0].bytes, "code of ");
  ASSERT_EQ(code.tolerances.size(), 1u);
  EXPECT_EQ(code.tolerances[0].dtype, "bfloat16");
  EXPECT_EQ(code.tolerances[0].max_atol, 1e-2);
  EXPECT_EQ(deployment->origin, disk_.root().string());
  EXPECT_NE(deployment->table->model(kGpuName), match::kUnknownModel);
}

TEST_F(Source, TakesAPolicysTolerances) {
  disk_.write("bindings/policies.json",
              R"({"per_definition": {"rmsnorm_h4096": {"max_atol": 0.5, "max_rtol": 0.25}}})");
  const auto deployment = read();
  expect_good(deployment.get());
  EXPECT_EQ(deployment->candidates[0].tolerances[0].max_atol, 0.5);
  EXPECT_EQ(deployment->candidates[0].tolerances[0].max_rtol, 0.25);
}

TEST_F(Source, NoCodeIsReadOfADemotedSolution) {
  const auto before = read();
  expect_good(before.get());
  const std::string name = before->table->candidate(0).name;
  disk_.write("bindings/policies.json", R"({"demoted": {")" + name + R"(": {"reason": "slow"}}})");
  const auto deployment = read();
  ASSERT_NE(deployment, nullptr) << source_->refusal();
  const CandidateCode& code = deployment->candidates.at(0);
  EXPECT_EQ(code.demoted, "demoted in the registry: slow");
  EXPECT_FALSE(code.is_needed);
  EXPECT_TRUE(code.images.empty());
}

TEST_F(Source, TakesTheClosestArchitectureForEachGpu) {
  disk_.build_for("sm_80", "for 80");
  disk_.build_for("compute_80", "as PTX");
  const auto deployment = read({{kGpuName, 90}, {"NVIDIA A10", 86}, {"NVIDIA B200", 100}});
  expect_good(deployment.get());
  std::map<std::uint32_t, std::string> bytes;
  for (const CandidateImage& image : deployment->candidates[0].images) {
    bytes[image.arch] = image.bytes;
  }
  EXPECT_EQ(bytes, (std::map<std::uint32_t, std::string>{
                       {90, "code of "}, {86, "for 80"}, {100, "as PTX"}}));
}

TEST_F(Source, AFingerprintIsOfEverythingThatMattersAndNothingElse) {
  const std::string before = read()->candidates[0].fingerprint;
  EXPECT_EQ(read()->candidates[0].fingerprint, before);
  disk_.write(kTraceFile, trace_line(1) + trace_line(2) + trace_line(3));
  EXPECT_EQ(read()->candidates[0].fingerprint, before);
  disk_.build_for("sm_90", "other code");
  EXPECT_NE(read()->candidates[0].fingerprint, before);
}

TEST_F(Source, DoesNotLookAtWhatNoBindingNeeds) {
  disk_.write("definitions/other/other.json", "{");
  disk_.write("solutions/me/other/other/x.json", "{");
  disk_.write("traces/me/other/other.jsonl", "{");
  disk_.write("workloads/rmsnorm/rmsnorm_h4096.jsonl", "{");
  expect_good(read().get());
}

TEST_F(Source, ACandidateThatWinsNothingHereNeedNotHaveBeenBuilt) {
  fs::remove_all(disk_.path(".fib"));
  const auto deployment = read({{"NVIDIA B200", 100}});
  ASSERT_NE(deployment, nullptr);
  EXPECT_TRUE(source_->said().empty());
  EXPECT_FALSE(deployment->candidates[0].is_needed);
  EXPECT_NE(deployment->candidates[0].unusable, "");
}

TEST_F(Source, FindsBuildsInTheCacheThatTheUserNames) {
  const fs::path cache = disk_.above() / "cache";
  fs::rename(disk_.path(".fib/build"), cache);
  source_ = std::make_unique<RegistrySource>(disk_.root().string(), cache.string());
  const Gpu gpu = {kGpuName, 90};
  expect_good(source_->read({&gpu, 1}).get());
}

TEST_F(Source, GoesThroughLinksToTheRootOfOurs) {
  const fs::path link = disk_.above() / "link";
  fs::create_directory_symlink("registry/../registry", link);
  source_ = std::make_unique<RegistrySource>((link / ".").string(), "");
  const Gpu gpu = {kGpuName, 90};
  expect_good(source_->read({&gpu, 1}).get());
}

TEST_F(Source, WhatIsWrongIsSaidOnce) {
  disk_.write(kTraceFile, "{\n" + trace_line(1));
  (void)read();
  EXPECT_EQ(source_->said().size(), 1u);
  const Gpu gpu = {kGpuName, 90};
  EXPECT_NE(source_->read({&gpu, 1}), nullptr);
  EXPECT_EQ(source_->said().size(), 1u);
}

TEST_F(Source, NeedsAPath) {
  RegistrySource source("", "");
  const Gpu gpu = {kGpuName, 90};
  EXPECT_EQ(source.read({&gpu, 1}), nullptr);
  EXPECT_NE(source.refusal().find("FIB_DATASET_PATH"), std::string::npos) << source.refusal();
}

TEST_F(Source, ManyProblemsAreSaidInFewLines) {
  std::string lines;
  for (int i = 0; i < 100; ++i) lines += "{\n";
  disk_.write(kTraceFile, lines + trace_line(1));
  const auto deployment = read();
  ASSERT_NE(deployment, nullptr);
  EXPECT_EQ(deployment->candidates[0].unusable, "");
  EXPECT_EQ(source_->said().size(), 21u);
  EXPECT_NE(source_->said().back().find("80 more"), std::string::npos) << source_->said().back();
}

}  // namespace
}  // namespace fib::dispatch
