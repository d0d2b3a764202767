// SPDX-License-Identifier: Apache-2.0
//
// `fib registry`, within the test's process.
#include <gtest/gtest.h>

#include <array>
#include <sstream>

#include "cli/app.h"
#include "tests/unit/registry/sample.h"

namespace fib::registry {
namespace {

namespace fs = std::filesystem;

using testing::SampleRegistry;
using testing::solution_json;

struct Result {
  int code;
  std::string out, err;
};

Result fib(std::vector<std::string> arguments) {
  static constexpr std::array<cli::VerbFactory, 1> kVerbs = {cli::make_registry_verb};
  arguments.insert(arguments.begin(), "registry");
  std::ostringstream out;
  ::testing::internal::CaptureStderr();
  const int code = cli::run_app(kVerbs, arguments, out);
  return {code, out.str(), ::testing::internal::GetCapturedStderr()};
}

TEST(RegistryVerb, ValidateSaysHowManyAndExitsAccordingly) {
  const SampleRegistry sample;
  const std::string path = sample.path();
  Result result = fib({"validate", path});
  EXPECT_EQ(result.code, 0) << result.out;
  EXPECT_EQ(result.out,
            "1 Definition, 2 Solutions, 1 workload, 2 results: 0 errors, 0 warnings, 1 note\n");
  fs::remove(sample.path() / testing::kBlob);
  result = fib({"validate", path});
  EXPECT_EQ(result.code, 1);
  EXPECT_NE(
      result.out.find("error workloads/scale/scale_h8.jsonl:1 /workload/inputs/indptr/path: "
                      "blob blob/workloads/scale/scale_h8/scale_h8_w1.safetensors is missing"),
      std::string::npos)
      << result.out;
  EXPECT_EQ(fib({"validate", path, "--checks", "definition,solution"}).code, 0);
  EXPECT_EQ(fib({"validate", path, "--checks", "nothing"}).code, 2);
  fs::remove_all(sample.path() / "traces/baseline");
  EXPECT_EQ(fib({"validate", path, "--checks", "baseline"}).code, 0);
  EXPECT_EQ(fib({"validate", path, "--checks", "baseline", "--strict"}).code, 1);
}

TEST(RegistryVerb, ValidatePrintsJson) {
  const SampleRegistry sample;
  fs::remove(sample.path() / testing::kBlob);
  const Result result = fib({"validate", sample.path(), "--json"});
  EXPECT_EQ(result.code, 1);
  const Json report = Json::parse(result.out);
  EXPECT_EQ(report["errors"], 1);
  EXPECT_EQ(report["definitions"], 1);
  bool seen = false;
  for (const Json& finding : report["findings"]) {
    if (finding["rule"] != "layout.blob-missing") continue;
    seen = true;
    EXPECT_EQ(finding["line"], 1);
    EXPECT_EQ(finding["pointer"], "/workload/inputs/indptr/path");
  }
  EXPECT_TRUE(seen);
}

TEST(RegistryVerb, ValidateFoldsWhatIsAlike) {
  const SampleRegistry sample;
  Json definition = testing::definition_json();
  for (auto& [name, axis] : definition["axes"].items()) axis.erase("description");
  for (auto& [name, tensor] : definition["inputs"].items()) tensor.erase("description");
  sample.write("definitions/scale/scale_h8.json", to_text(definition));
  EXPECT_NE(fib({"validate", sample.path()}).out.find("… 3 more"), std::string::npos);
  EXPECT_EQ(fib({"validate", sample.path(), "--all"}).out.find("more of the same"),
            std::string::npos);
}

TEST(RegistryVerb, NamesInFilesReachNoTerminal) {
  const SampleRegistry sample;
  Json solution = solution_json();
  solution["name"] = "a\x1b[31mb\nc";
  sample.write("solutions/ada/scale/scale_h8/x.json", to_text(solution));
  const Result result = fib({"validate", sample.path()});
  EXPECT_EQ(result.out.find('\x1b'), std::string::npos);
  EXPECT_NE(result.out.find("a?[31mb?c"), std::string::npos) << result.out;
  for (const char* verb : {"list", "show"}) {
    const bool list = std::string(verb) == "list";
    const Result shown = fib({verb, sample.path(), list ? "--solutions" : "a\x1b[31mb\nc"});
    EXPECT_EQ(shown.code, 0) << shown.err;
    EXPECT_EQ(shown.out.find('\x1b'), std::string::npos) << verb;
  }
}

TEST(RegistryVerb, ListAndShow) {
  const SampleRegistry sample;
  const std::string path = sample.path();
  EXPECT_NE(fib({"list", path}).out.find("scale_h8"), std::string::npos);
  const Json solutions = Json::parse(fib({"list", path, "--solutions", "--json"}).out);
  ASSERT_EQ(solutions.size(), 2u);
  EXPECT_EQ(solutions[0]["name"], "scale_fast");
  EXPECT_EQ(solutions[0]["passed"], 1);
  EXPECT_EQ(solutions[0]["hardware"], Json::array({"NVIDIA H200"}));
  EXPECT_EQ(Json::parse(fib({"list", path, "--op-type", "gemm", "--json"}).out).size(), 0u);
  EXPECT_NE(fib({"show", path, "scale_h8"}).out.find("x: bfloat16[rows, width]"),
            std::string::npos);
  EXPECT_EQ(Json::parse(fib({"show", path, "scale_fast", "--json"}).out), solution_json());
  EXPECT_EQ(Json::parse(fib({"show", path, "w1"}).out), testing::workload_json());
  EXPECT_EQ(fib({"show", path, "nobody"}).code, 2);
}

TEST(RegistryVerb, ImportAddRemove) {
  const SampleRegistry source;
  const trace::testing::TempDirectory directory;
  const std::string target = directory.path() / "new";
  EXPECT_EQ(fib({"import", source.path(), target}).code, 0);
  EXPECT_EQ(fib({"validate", target}).code, 0);
  const std::string file = directory.write("s.json", to_text(solution_json("third", "eve")));
  EXPECT_EQ(fib({"add", target, file, "--dry-run"}).code, 0);
  EXPECT_EQ(fib({"show", target, "third"}).code, 2);
  EXPECT_EQ(fib({"add", target, file}).code, 0);
  EXPECT_EQ(fib({"show", target, "third"}).code, 0);
  EXPECT_EQ(fib({"remove", target, "third"}).code, 0);
  const Result refused = fib({"remove", target, "scale_fast"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("1 result of \"scale_fast\""), std::string::npos) << refused.err;
  EXPECT_EQ(fib({"remove", target, "scale_fast", "--cascade"}).code, 0);
  EXPECT_EQ(fib({"show", target, "scale_fast"}).code, 2);
}

TEST(RegistryVerb, WrongUse) {
  EXPECT_EQ(fib({}).code, 2);
  EXPECT_EQ(fib({"list", "/nonexistent"}).code, 3);
  EXPECT_EQ(fib({"add", "/proc/nothing", "x.json"}).code, 4);
}

}  // namespace
}  // namespace fib::registry
