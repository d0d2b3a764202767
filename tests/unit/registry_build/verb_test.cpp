// SPDX-License-Identifier: Apache-2.0
//
// `fib registry build` and `import-triton`, within the test's process.
#include <gtest/gtest.h>

#include <array>
#include <sstream>

#include "cli/app.h"
#include "tests/unit/registry_build/sample.h"

namespace fib::build {
namespace {

namespace fs = std::filesystem;
using registry::Json;
using testing::contains;
using testing::corpus_file;

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

Json named(Json solution, const std::string& name) {
  solution["name"] = name;
  return solution;
}

/// A registry with a cubin, CUDA C++ and a Solution that is Python alone.
struct Sample {
  trace::testing::TempDirectory directory;
  std::string path = directory.path();

  Sample() {
    add("cubin", testing::solution_json(
                     "scale.cubin", testing::launch_json("stack_user", "", two_arguments()),
                     Json::array({testing::source_json(
                         "scale.cubin", corpus_file("cuda12.4-sm_90a.cubin"), true)})));
    add("python", testing::solution_json("main.py", nullptr,
                                         Json::array({testing::source_json("main.py", "x")})));
  }
  static Json two_arguments() {
    return Json::array({testing::argument("ptr", "y"), testing::argument("i32", "rows")});
  }
  void add(const std::string& name, const Json& solution) const {
    directory.write("solutions/ada/scale/scale_h8/" + name + ".json",
                    registry::to_text(named(solution, name)));
  }
};

TEST(BuildVerb, PrintsATableAndWhatIsKept) {
  const Sample sample;
  Result result = fib({"build", sample.path, "--jobs", "2"});
  EXPECT_EQ(result.code, 0) << result.out << result.err;
  EXPECT_TRUE(contains(result.out, "stack_user")) << result.out;
  EXPECT_TRUE(contains(result.out, "python: kept, not launchable here: it has no launch block\n"));
  EXPECT_TRUE(contains(result.out, "1 built, 0 in the cache, 1 kept without a build, 0 failed"));
  result = fib({"build", sample.path});
  EXPECT_TRUE(contains(result.out, "0 built, 1 in the cache")) << result.out;
  result = fib({"build", sample.path, "--again"});
  EXPECT_TRUE(contains(result.out, "1 built")) << result.out;
  EXPECT_TRUE(fs::is_directory(fs::path(sample.path) / ".fib/build"));
}

TEST(BuildVerb, PrintsJson) {
  const Sample sample;
  const fs::path cache = fs::path(sample.path) / "elsewhere";
  const Result result =
      fib({"build", sample.path, "--json", "--cache", cache, "--solution", "cubin"});
  EXPECT_EQ(result.code, 0) << result.out << result.err;
  const auto parsed = registry::parse_json(result.out);
  ASSERT_TRUE(parsed.ok()) << result.out;
  EXPECT_EQ(parsed.value["cache"], cache.string());
  ASSERT_EQ(parsed.value["results"].size(), 1u);
  const Json& build = parsed.value["results"][0]["build"];
  EXPECT_EQ(build["arch"], "sm_90a");
  EXPECT_EQ(build["modules"][0]["entries"].size(), 2u);
  EXPECT_TRUE(fs::exists(parsed.value["results"][0]["directory"].get<std::string>()));
}

TEST(BuildVerb, ExitsAccordingly) {
  const Sample sample;
  EXPECT_EQ(fib({"build", sample.path, "--solution", "none"}).code, 2);
  EXPECT_EQ(fib({"build", sample.path, "--arch", "any"}).code, 2);
  EXPECT_EQ(fib({"build", sample.path + "/none"}).code, 3);
  sample.directory.write("file", "x");
  EXPECT_EQ(fib({"build", sample.path, "--cache", sample.path + "/file/x"}).code, 4);
  const Result result = fib({"build", sample.path, "--arch", "sm_80"});
  EXPECT_EQ(result.code, 1);
  EXPECT_TRUE(contains(result.out, "is code for sm_90a, which can't become a build for sm_80"));
}

TEST(BuildVerb, CreatesNothingWhereNothingIsBuilt) {
  const Sample sample;
  const Result result = fib({"build", sample.path, "--solution", "python"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_FALSE(fs::exists(fs::path(sample.path) / ".fib"));
}

TEST(BuildVerb, CompilesAndNamesErrors) {
  FIB_NEEDS_NVRTC();
  const Sample sample;
  sample.add("cuda", testing::cuda_json());
  Result result = fib({"build", sample.path, "--arch", "sm_90a,sm_90", "--solution", "cuda"});
  EXPECT_EQ(result.code, 0) << result.out << result.err;
  EXPECT_TRUE(contains(result.out, "2 built")) << result.out;
  Json broken = testing::cuda_json();
  broken["sources"][1]["content"] = "\n\nint broken = q;\n";
  sample.add("cuda", broken);
  result = fib({"build", sample.path, "--solution", "cuda"});
  EXPECT_EQ(result.code, 1);
  EXPECT_TRUE(contains(result.out, "kernels/shared/scale.cuh:3: error: identifier \"q\""))
      << result.out;
}

TEST(ImportTritonVerb, WritesADraft) {
  const Sample sample;
  sample.directory.write("cache/scale.cubin", corpus_file("cuda12.4-sm_90a.cubin"));
  sample.directory.write("cache/scale.json",
                         R"({"name": "scale_rows", "num_warps": 8, "shared": 0})");
  const std::string draft = sample.path + "/draft.json";
  std::vector<std::string> command = {"import-triton", sample.path + "/cache",
                                      "--definition",  "scale_h8",
                                      "--name",        "drafted",
                                      "--author",      "ada"};
  Result result = fib(command);
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(contains(result.out, "fill in: programs, x"));
  command.insert(command.end(), {"--output", draft});
  result = fib(command);
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(fs::exists(draft));
  command.insert(command.end(), {"--registry", sample.path});
  EXPECT_EQ(fib(command).code, 2);  // no such Definition
  command[1] = sample.path;
  EXPECT_EQ(fib(command).code, 2);
}

}  // namespace
}  // namespace fib::build
