// SPDX-License-Identifier: Apache-2.0
#include "registry/build/builder.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "registry/build/cache.h"
#include "tests/unit/registry_build/sample.h"

namespace fib::build {
namespace {

namespace fs = std::filesystem;
using registry::Json;
using testing::contains;
using testing::messages;
using testing::Workshop;

Json box_arguments() {
  return Json::array({testing::argument("ptr", "y"),
                      testing::argument("ptr", "x"),
                      testing::argument("i32", "rows"),
                      {{"size", 16}, {"struct", Json::array()}}});
}

Json cubin_json(const std::string& file = "cuda12.4-sm_90a.cubin") {
  return testing::solution_json(
      "scale.cubin", testing::launch_json("scale_rows", "", box_arguments()),
      Json::array({testing::source_json("scale.cubin", testing::corpus_file(file), true)}));
}

Json simulated_json() {
  return testing::solution_json(
      "norm.simcubin", testing::launch_json("anything", "", Json::array()),
      Json::array({testing::source_json("norm.simcubin", "simulated code", true)}));
}

Json ptx_json(const std::string& text) {
  return testing::solution_json(
      "one.ptx",
      testing::launch_json("store_one", "", Json::array({testing::argument("ptr", "y")})),
      Json::array({testing::source_json("one.ptx", text)}));
}

TEST(Builder, PutsACubinIntoTheCacheOnce) {
  const Workshop shop;
  BuildResult result = shop.build(cubin_json());
  ASSERT_EQ(result.outcome, BuildOutcome::Built) << messages(result);
  EXPECT_EQ(result.manifest->compiler, "none");
  ASSERT_EQ(result.manifest->modules.size(), 1u);
  const Module& module = result.manifest->modules[0];
  EXPECT_EQ(module.kind, BinaryKind::Cubin);
  EXPECT_EQ(module.entry("scale_rows")->registers, 12u);
  EXPECT_EQ(fs::file_size(result.directory / module.file), module.bytes);
  result = shop.build(cubin_json());
  EXPECT_EQ(result.outcome, BuildOutcome::Cached);
  EXPECT_TRUE(result.manifest);
}

TEST(Builder, RebuildsWhatIsDamagedAndSaysSo) {
  const Workshop shop;
  BuildResult result = shop.build(cubin_json());
  fs::resize_file(result.directory / "module0.cubin", 10);
  result = shop.build(cubin_json());
  EXPECT_EQ(result.outcome, BuildOutcome::Built);
  EXPECT_TRUE(contains(messages(result), "damaged: module0.cubin is not what was written"));
  EXPECT_EQ(shop.build(cubin_json()).outcome, BuildOutcome::Cached);
}

TEST(Builder, RefusesCodeForAnotherGpu) {
  const Workshop shop;
  const BuildResult result = shop.build(cubin_json("cuda12.8-sm_80.cubin"));
  EXPECT_EQ(result.outcome, BuildOutcome::Failed);
  EXPECT_EQ(messages(result),
            "scale.cubin is code for sm_80, which can't become a build for sm_90a\n");
  EXPECT_EQ(shop.build(cubin_json("cuda12.8-sm_80.cubin"), "sm_86").outcome, BuildOutcome::Built);
  EXPECT_EQ(shop.build(cubin_json(), "compute_90").outcome, BuildOutcome::Failed);
}

TEST(Builder, ChecksTheLaunchBlockOfCachedBuilds) {
  const Workshop shop;
  ASSERT_EQ(shop.build(cubin_json()).outcome, BuildOutcome::Built);
  Json json = cubin_json();
  json["spec"]["launch"]["kernels"][0]["arguments"].erase(3);
  const BuildResult result = shop.build(json);
  EXPECT_EQ(result.outcome, BuildOutcome::Failed);
  EXPECT_TRUE(contains(messages(result), "has 3 arguments, the code 4 parameters"));
}

TEST(Builder, PassesSimulatedModulesThrough) {
  const Workshop shop;
  const BuildResult result = shop.build(simulated_json());
  ASSERT_EQ(result.outcome, BuildOutcome::Built) << messages(result);
  EXPECT_EQ(to_string(*result.arch), "any");
  EXPECT_EQ(result.manifest->modules[0].kind, BinaryKind::Simulated);
  EXPECT_EQ(shop.directory.read("cache/" + result.manifest->source_key + '/' +
                                result.manifest->key + "/module0.simcubin"),
            "simulated code");
}

TEST(Builder, NamesWhatCantBeBuilt) {
  const Workshop shop;
  Json json = cubin_json();
  json["spec"]["launch"]["kernels"][0]["module"] = "other.cubin";
  EXPECT_EQ(messages(shop.build(json)), "other.cubin is none of the sources\n");
  json = testing::solution_json("main.py", testing::launch_json("k", "", Json::array()),
                                Json::array({testing::source_json("main.py", "def run(): pass")}));
  EXPECT_TRUE(contains(messages(shop.build(json)), "main.py is no CUDA C++ (.cu), PTX"));
  json = cubin_json();
  json["sources"][0]["content"] = "TWFu";
  EXPECT_EQ(messages(shop.build(json)), "scale.cubin is no ELF file, or cut off\n");
  json["spec"]["launch"]["build"]["options"] = {"-I/etc"};
  EXPECT_TRUE(contains(messages(shop.build(json)), "no option that a Solution may give"));
  json["spec"]["launch"] = {{"kernels", Json::array()}};
  EXPECT_EQ(shop.build(json).outcome, BuildOutcome::Failed);
}

TEST(Builder, CantWriteIsAFinding) {
  Workshop shop;
  shop.request.cache = shop.directory.write("file", "x") / "cache";
  const BuildResult result = shop.build(cubin_json());
  EXPECT_EQ(result.outcome, BuildOutcome::Failed);
  EXPECT_TRUE(contains(messages(result), "the directory can't be created"));
}

TEST(Builder, CompilesCuda) {
  FIB_NEEDS_NVRTC();
  const Workshop shop;
  BuildResult result = shop.build(testing::cuda_json());
  ASSERT_EQ(result.outcome, BuildOutcome::Built) << messages(result) << result.log;
  EXPECT_EQ(result.manifest->compiler, "nvrtc");
  EXPECT_EQ(to_string(result.manifest->modules[0].arch), "sm_90a");
  EXPECT_EQ(shop.build(testing::cuda_json()).outcome, BuildOutcome::Cached);
  EXPECT_EQ(shop.build(testing::cuda_json(), "sm_90").outcome, BuildOutcome::Built);
  result = shop.build(testing::cuda_json(), "compute_90");
  ASSERT_EQ(result.outcome, BuildOutcome::Built) << messages(result) << result.log;
  EXPECT_EQ(result.manifest->modules[0].kind, BinaryKind::Ptx);
}

TEST(Builder, NamesFileAndLineOfAnError) {
  FIB_NEEDS_NVRTC();
  const Workshop shop;
  Json json = testing::cuda_json();
  json["sources"][2]["content"] = "#pragma once\nconstexpr int kScale = q;\n";
  const BuildResult result = shop.build(json);
  EXPECT_EQ(result.outcome, BuildOutcome::Failed);
  EXPECT_TRUE(contains(messages(result), "kernels/scale_factor.h:2: error: identifier \"q\""))
      << messages(result);
  EXPECT_FALSE(fs::exists(result.directory));
}

TEST(Builder, OptionsMakeAnotherBuild) {
  FIB_NEEDS_NVRTC();
  const Workshop shop;
  Json json = testing::cuda_json();
  const std::string first = shop.build(json).directory;
  json["spec"]["launch"]["build"]["options"] = {"-lineinfo", "--std=c++20"};
  const BuildResult result = shop.build(json);
  ASSERT_EQ(result.outcome, BuildOutcome::Built) << messages(result);
  EXPECT_NE(result.directory, first);
  EXPECT_EQ(
      std::count(result.manifest->options.begin(), result.manifest->options.end(), "--std=c++17"),
      0);
}

TEST(Builder, HeadersOfAnotherDirectoryCountByTheirContent) {
  FIB_NEEDS_NVRTC();
  Workshop shop;
  Json json = testing::cuda_json();
  json["sources"][2]["content"] = "#pragma once\n#include <factor.h>\n";
  EXPECT_TRUE(contains(messages(shop.build(json)), "could not open source file \"factor.h\"") ||
              contains(messages(shop.build(json)), "cannot open source file \"factor.h\""));
  shop.directory.write("include/factor.h", "constexpr int kScale = 5;\n");
  shop.request.includes = {fs::path(shop.directory.path()) / "include"};
  const BuildResult first = shop.build(json);
  ASSERT_EQ(first.outcome, BuildOutcome::Built) << messages(first);
  shop.directory.write("include/factor.h", "constexpr int kScale = 6;\n");
  const BuildResult second = shop.build(json);
  EXPECT_EQ(second.outcome, BuildOutcome::Built);
  EXPECT_NE(second.directory, first.directory);
  shop.request.includes = {"/nowhere"};
  EXPECT_TRUE(contains(messages(shop.build(json)), "/nowhere: can't be read"));
}

TEST(Builder, ChecksPtx) {
  FIB_NEEDS_NVRTC();
  const Workshop shop;
  BuildResult result = shop.build(ptx_json(testing::kPtx));
  ASSERT_EQ(result.outcome, BuildOutcome::Built) << messages(result);
  EXPECT_EQ(shop.build(ptx_json(testing::kPtx), "sm_80").outcome, BuildOutcome::Failed);
  EXPECT_TRUE(contains(messages(shop.build(ptx_json("hello"))), "is no PTX"));
  if (result.manifest->compiler == "none") return;
  EXPECT_EQ(result.manifest->modules[0].kind, BinaryKind::Cubin);
  EXPECT_EQ(result.manifest->modules[0].entry("store_one")->parameters->size(), 1u);
  result = shop.build(ptx_json(std::string(testing::kPtx) + "nonsense\n"));
  EXPECT_EQ(result.outcome, BuildOutcome::Failed);
  EXPECT_TRUE(contains(messages(result), "one.ptx:14:")) << messages(result);
}

TEST(Builder, WithoutACompilerItSaysWhatToDo) {
  Workshop shop;
  shop.request.nvrtc = "/nowhere/libnvrtc.so";
  const BuildResult result = shop.build(testing::cuda_json());
  EXPECT_EQ(result.outcome, BuildOutcome::Failed);
  EXPECT_TRUE(contains(messages(result), "/nowhere/libnvrtc.so: can't be opened"));
}

TEST(BuildAll, BuildsEachForItsGpus) {
  Workshop shop;
  shop.request.archs.clear();
  shop.request.jobs = 3;
  Json python = testing::solution_json("main.py", nullptr,
                                       Json::array({testing::source_json("main.py", "x")}));
  Json unknown = ptx_json(testing::kPtx);
  unknown["spec"]["target_hardware"] = {"cuda"};
  const auto cubin = testing::stored(cubin_json()), kept = testing::stored(python),
             simulated = testing::stored(simulated_json()), lost = testing::stored(unknown);
  auto results = build_solutions({&cubin, &kept, &simulated, &lost}, shop.request);
  ASSERT_EQ(results.size(), 4u);
  EXPECT_EQ(results[0].outcome, BuildOutcome::Built);
  EXPECT_EQ(to_string(*results[0].arch), "sm_90a");
  ASSERT_TRUE(results[0].manifest);
  EXPECT_TRUE(fs::exists(results[0].directory / "module0.cubin"));
  EXPECT_EQ(results[1].outcome, BuildOutcome::Kept);
  EXPECT_EQ(results[2].outcome, BuildOutcome::Built);
  EXPECT_EQ(results[3].outcome, BuildOutcome::Failed);
  EXPECT_TRUE(contains(messages(results[3]), "names no GPU that is known here"));
  shop.request.local = [] { return std::vector{*arch_of("sm_90a")}; };
  results = build_solutions({&lost}, shop.request);
  EXPECT_EQ(results[0].outcome, BuildOutcome::Built) << messages(results[0]);
  EXPECT_EQ(to_string(*results[0].arch), "sm_90a");
}

TEST(BuildAll, BuildsOneThingOnceAtTheSameTime) {
  Workshop shop;
  shop.request.jobs = 8;
  const auto cubin = testing::stored(cubin_json());
  const std::vector<const registry::Stored<registry::Solution>*> many(8, &cubin);
  const auto results = build_solutions(many, shop.request);
  int built = 0;
  for (const BuildResult& result : results) {
    EXPECT_NE(result.outcome, BuildOutcome::Failed) << messages(result);
    if (result.outcome == BuildOutcome::Built) ++built;
  }
  EXPECT_EQ(built, 1);
}

}  // namespace
}  // namespace fib::build
