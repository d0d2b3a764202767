// SPDX-License-Identifier: Apache-2.0
//
// `fib registry bind` on captures that are made here.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "registry/bindings/table_source.h"
#include "registry/store/registry.h"
#include "tests/unit/cli/recorded_scale.h"
#include "tests/unit/cli/run_fib.h"

namespace fib::cli {
namespace {

using registry::Json;
using testing::FibResult;
using testing::RecordedScale;
using testing::run_fib;

const char* const kDefinition = R"({
  "name": "scale", "op_type": "scale", "axes": {"n": {"type": "var"}},
  "inputs": {"x": {"shape": ["n"], "dtype": "float32"},
             "factor": {"shape": null, "dtype": "float32"}},
  "outputs": {"y": {"shape": ["n"], "dtype": "float32"}},
  "reference": "def run(x, factor):\n    return x * factor\n"})";

Json parsed(const std::string& text) {
  const registry::ParsedJson json = registry::parse_json(text);
  EXPECT_EQ(json.error, "") << text;
  return json.value;
}

/// The registry's table, without a finding.
std::unique_ptr<const match::MatchTable> table_of(const std::string& path) {
  const auto opened = registry::Registry::open(path);
  EXPECT_TRUE(opened.findings().list().empty());
  const auto bindings = registry::load_bindings(opened);
  registry::Findings findings = bindings.findings;
  auto table = registry::build_table(opened, bindings, findings);
  for (const auto& finding : findings.list())
    ADD_FAILURE() << finding.file << ": " << finding.message;
  return table;
}

TEST(Bind, PrintsOneObjectWithoutARegistry) {
  RecordedScale recorded;
  const std::string capture = recorded.usual().save();
  const FibResult result = run_fib({"registry", "bind", "--from", capture, "--kernel", "scale"});
  EXPECT_EQ(result.code, 0) << result.err;
  const Json json = parsed(result.out);
  EXPECT_EQ(json["bindings"].size(), 1u);
  EXPECT_EQ(json["bindings"][0]["draft"]["launches"], 6);
  EXPECT_EQ(json["bindings"][0]["draft"]["relations"][0],
            "grid.x == ceil_div(param(3, 0, i32), 256)");
  EXPECT_EQ(json["definitions"].size(), 1u);
  EXPECT_FALSE(json.contains("solutions"));
}

TEST(Bind, WithoutADefinitionTheRegistryIsValid) {
  RecordedScale recorded;
  const std::string capture = recorded.usual().save(), registry = recorded.path("registry");
  FibResult result =
      run_fib({"registry", "bind", "--from", capture, "--kernel", RecordedScale::kKernel,
               "--registry", registry, "--incumbent-solution"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_NE(result.out.find("bindings/policies.json"), std::string::npos) << result.out;
  result = run_fib({"registry", "validate", registry});
  EXPECT_EQ(result.code, 0) << result.out;
  const auto table = table_of(registry);
  ASSERT_EQ(table->rules(), 1u);
  EXPECT_NE(table->rule(0).pinned, match::kNoCandidate);
  ASSERT_TRUE(table->rule(0).code);
  const std::string text = "scale in sass";
  EXPECT_EQ(*table->rule(0).code, trace::content_hash(std::as_bytes(std::span(text))));
}

TEST(Bind, EveryLaunchOfACopyIsExplainedAsPinned) {
  RecordedScale recorded;
  const std::string capture = recorded.usual().save(), registry = recorded.path("registry");
  ASSERT_EQ(run_fib({"registry", "bind", "--from", capture, "--kernel", ".", "--registry", registry,
                     "--incumbent-solution"})
                .code,
            0);
  const FibResult result = run_fib({"explain", capture, "--registry", registry, "--json"});
  EXPECT_EQ(result.code, 0) << result.err;
  const Json json = parsed(result.out);
  ASSERT_EQ(json["kernels"].size(), 1u);
  EXPECT_EQ(json["kernels"][0]["launches"], 6);
  EXPECT_EQ(json["kernels"][0]["in_graphs"], 3);
  ASSERT_EQ(json["kernels"][0]["reasons"].size(), 1u);
  EXPECT_EQ(json["kernels"][0]["reasons"][0]["reason"], "Pinned");
}

TEST(Bind, ToADefinitionOfTheRegistry) {
  RecordedScale recorded;
  const std::string capture = recorded.usual().save(), registry = recorded.path("registry");
  recorded.directory().write("registry/definitions/scale/scale.json", kDefinition);
  const FibResult result = run_fib({"registry", "bind", "--from", capture, "--kernel", "scale",
                                    "--registry", registry, "--definition", "scale", "--json"});
  EXPECT_EQ(result.code, 0) << result.err;
  const Json files = parsed(result.out)["bound"][0]["files"];
  ASSERT_EQ(files.size(), 1u);
  const Json binding = parsed(recorded.directory().read("registry/" + files[0].get<std::string>()));
  EXPECT_EQ(binding["axes"]["n"], "param(3, 0, i32)");
  EXPECT_EQ(binding["inputs"]["x"], "param(0, 0, ptr)");
  EXPECT_EQ(binding["inputs"]["factor"], "param(2, 0, f32)");
  EXPECT_EQ(binding["outputs"]["y"], "param(1, 0, ptr)");
  EXPECT_EQ(table_of(registry)->rules(), 1u);
}

TEST(Bind, WhatIsThereAlreadyStays) {
  RecordedScale recorded;
  const std::string registry = recorded.path("registry");
  std::string capture = recorded.usual().save();
  const std::vector<std::string> command = {"registry", "bind",  "--from",     capture,
                                            "--kernel", "scale", "--registry", registry};
  ASSERT_EQ(run_fib(command).code, 0);
  EXPECT_EQ(run_fib(command).code, 0);  // the same again
  recorded.log().full_launch(30, RecordedScale::scale(77));
  capture = recorded.save();
  const FibResult result = run_fib(command);
  EXPECT_EQ(result.code, 4);
  EXPECT_NE(result.err.find("bindings/draft/"), std::string::npos) << result.err;
  auto replacing = command;
  replacing.push_back("--replace");
  EXPECT_EQ(run_fib(replacing).code, 0);
}

TEST(Bind, VariablesThatTheProgramAskedForForbidACopy) {
  RecordedScale recorded;
  recorded.log().load(2, "/home/u/other");
  recorded.log().stored_image(2, recorded.store({{".text.counting", "x"}, {".nv.global", "v"}},
                                                {{"counter", ".nv.global"}}));
  recorded.log().full_kernel(2, "counting", {8}, 2).launch(0, 30, 2);
  // The module's handle is 0 in these logs; the name has 8 bytes with its zero.
  recorded.log().call(0, 29, "cuModuleGetGlobal_v2", "=dptr =bytes hmod $name", {1, 4, 0, 8}, 0, 0,
                      std::string("counter\0", 8));
  const std::string capture = recorded.save();
  const FibResult result = run_fib(
      {"registry", "bind", "--from", capture, "--kernel", "counting", "--incumbent-solution"});
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.err.find("'counter'"), std::string::npos) << result.err;
}

TEST(Bind, WritesNothingThatOthersCanChange) {
  namespace fs = std::filesystem;
  RecordedScale recorded;
  const std::string capture = recorded.usual().save(), registry = recorded.path("registry");
  const mode_t before = umask(0);
  const int code = run_fib({"registry", "bind", "--from", capture, "--kernel", ".", "--registry",
                            registry, "--incumbent-solution"})
                       .code;
  EXPECT_EQ(umask(before), 0u);
  EXPECT_EQ(code, 0);
  const auto others = fs::perms::group_write | fs::perms::others_write;
  EXPECT_EQ(fs::status(registry).permissions() & others, fs::perms::none);
  for (const auto& entry : fs::recursive_directory_iterator(registry)) {
    EXPECT_EQ(entry.status().permissions() & others, fs::perms::none) << entry.path();
  }
}

TEST(Bind, VariablesThatNobodyAskedForAreNamed) {
  RecordedScale recorded;
  recorded.log().load(2, "/home/u/other");
  recorded.log().stored_image(2, recorded.store({{".text.counting", "x"}, {".nv.global", "v4"}},
                                                {{"counter", ".nv.global"}}));
  recorded.log().full_kernel(2, "counting", {8}, 2).launch(0, 30, 2);
  const FibResult result = run_fib({"registry", "bind", "--from", recorded.save(), "--kernel",
                                    "counting", "--incumbent-solution"});
  EXPECT_EQ(result.code, 0) << result.err;
  const std::string text = parsed(result.out)["solutions"][0]["description"];
  EXPECT_NE(text.find("no other kernel sees: counter."), std::string::npos) << text;
}

TEST(Bind, SaysWhatIsWrongAndWhere) {
  RecordedScale recorded;
  const std::string capture = recorded.usual().save(), registry = recorded.path("registry");
  FibResult result = run_fib({"registry", "bind", "--from", capture, "--kernel", "nothing"});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find(capture), std::string::npos);
  result = run_fib({"registry", "bind", "--from", "/nowhere", "--kernel", "scale"});
  EXPECT_EQ(result.code, 3);
  EXPECT_NE(result.err.find("/nowhere"), std::string::npos);
  result =
      run_fib({"registry", "bind", "--from", capture, "--kernel", "scale", "--definition", "x"});
  EXPECT_EQ(result.code, 2);
  result = run_fib({"registry", "bind", "--from", capture, "--kernel", "scale", "--definition", "x",
                    "--registry", registry});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find(registry), std::string::npos);
  recorded.directory().write("registry/bindings/policies.json", "[1]");
  result = run_fib({"registry", "bind", "--from", capture, "--kernel", "scale", "--registry",
                    registry, "--incumbent-solution"});
  EXPECT_EQ(result.code, 4);
  EXPECT_NE(result.err.find("policies.json"), std::string::npos) << result.err;
}

TEST(Bind, ImagesThatAreGoneOrDamagedAreNamed) {
  RecordedScale recorded;
  const std::string capture = recorded.usual().save();
  const auto images = std::filesystem::directory_iterator(capture + "/images");
  const std::string image = images->path().string();
  const std::vector<std::string> command = {
      "registry", "bind", "--from", capture, "--kernel", "scale", "--incumbent-solution"};
  std::ofstream(image, std::ios::trunc) << "no image at all";
  FibResult result = run_fib(command);
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.err.find(image), std::string::npos) << result.err;
  std::filesystem::remove(image);
  result = run_fib(command);
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(result.err.find(image), std::string::npos) << result.err;
}

TEST(Bind, DamagedLogsNeverCrash) {
  RecordedScale recorded;
  const std::string capture = recorded.usual().save();
  const std::string log = capture + "/pid42-1/log.fib";
  const std::string good = recorded.directory().read("capture/pid42-1/log.fib");
  for (std::size_t cut = 0; cut < good.size(); cut += 37) {
    std::ofstream(log, std::ios::binary | std::ios::trunc) << good.substr(0, cut);
    const int code = run_fib({"registry", "bind", "--from", capture, "--kernel", "."}).code;
    EXPECT_TRUE(code == 0 || code == 1 || code == 2 || code == 3) << code;
  }
}

}  // namespace
}  // namespace fib::cli
