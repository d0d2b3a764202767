// SPDX-License-Identifier: Apache-2.0
// What a Solution may ask for, and what its sources become.
#include "registry/build/sources.h"

#include <gtest/gtest.h>

#include "registry/build/options.h"
#include "tests/unit/registry_build/sample.h"

namespace fib::build {
namespace {

using registry::Json;
using testing::contains;
using testing::solution_of;
using testing::source_json;

TEST(Options, AllowWhatChangesCodeAndNamesNoFile) {
  for (const char* option : {"-DX", "-DX=\"a b\"", "-UX", "--use_fast_math", "-use_fast_math",
                             "--std=c++20", "--maxrregcount=64", "-maxrregcount=64", "-lineinfo",
                             "--fmad=false", "--ptxas-options=-O3", "-Xptxas=-dlcm=cg"}) {
    EXPECT_TRUE(is_allowed(option)) << option;
  }
  for (const char* option :
       {"", "-", "-D", "-I/etc", "--include-path=/etc", "--time=/tmp/x", "-o=x", "--pre-include=/x",
        "--ptxas-options=-O3,-o/x", "--ptxas-options=--output-file=x", "X", "--std=", "--std",
        "--gpu-architecture=sm_80", "-DX\n-I/etc", "--create-pch=/x"}) {
    EXPECT_FALSE(is_allowed(option)) << option;
  }
}

TEST(Options, AreReadFromTheLaunchBlock) {
  Json json = testing::cuda_json();
  registry::Findings findings;
  auto options = read_build_options(solution_of(json), findings);
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->options.empty());
  json["spec"]["launch"]["build"] = {{"options", {"-DX=1"}}, {"instantiate", {"norm<4>"}}};
  options = read_build_options(solution_of(json), findings);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->options, std::vector<std::string>{"-DX=1"});
  EXPECT_EQ(options->instantiate, std::vector<std::string>{"norm<4>"});
  EXPECT_TRUE(findings.list().empty());
  json["spec"]["launch"]["build"]["options"] = {"-DX=1", "-I/etc"};
  EXPECT_FALSE(read_build_options(solution_of(json), findings));
  ASSERT_EQ(findings.list().size(), 1u);
  EXPECT_EQ(findings.list()[0].pointer, "/spec/launch/build/options/1");
  json["spec"]["launch"]["build"] = 3;
  EXPECT_FALSE(read_build_options(solution_of(json), findings));
}

TEST(Sources, FindEachOtherAsFilesDo) {
  const auto solution = solution_of(testing::solution_json(
      "a/main.cu", nullptr,
      Json::array({source_json("a/main.cu",
                               "#include \"b.h\"\n # include\t\"../c.h\" // \"x\"\n"
                               "#include \"d.h\"\n#include <b.h>\nint x;"),
                   source_json("a/b.h", "#include \"c.h\"\n"), source_json("c.h", "\n"),
                   source_json("k.cubin",
                               "\x7f"
                               "ELF",
                               true),
                   source_json("p.ptx", ".entry")})));
  std::string error;
  const auto program = cuda_source(solution, solution.sources[0], error);
  ASSERT_TRUE(program) << error;
  EXPECT_EQ(program->name, "a/main.cu");
  EXPECT_EQ(program->text,
            "#include \"a/b.h\"\n # include\t\"c.h\" // \"x\"\n#include \"d.h\"\n#include <b.h>\n"
            "int x;");
  ASSERT_GE(program->headers.size(), 2u);
  EXPECT_EQ(program->headers[0],
            (std::pair<std::string, std::string>("a/b.h", "#include \"c.h\"\n")));
  EXPECT_EQ(program->headers[1].first, "c.h");
  for (const auto& [name, text] : program->headers) EXPECT_NE(name, "k.cubin");
}

TEST(Sources, WithZeroBytesAreNoTexts) {
  const auto solution = solution_of(testing::solution_json(
      "a.cu", nullptr, Json::array({source_json("a.cu", std::string("int x;\0int y;", 13))})));
  std::string error;
  EXPECT_FALSE(cuda_source(solution, solution.sources[0], error));
  EXPECT_EQ(error, "a.cu has a zero byte in it");
}

TEST(Sources, AreDecoded) {
  registry::SourceFile source{"a.cubin", "TWFu", {}};
  EXPECT_EQ(bytes_of(source).bytes, "TWFu");
  source.members.set_unknown("encoding", "base64");
  EXPECT_EQ(bytes_of(source).bytes, "Man");
  source.content = "TWF";
  EXPECT_EQ(bytes_of(source).error, "is not valid base64");
  source.members.set_unknown("encoding", "gzip");
  EXPECT_TRUE(contains(bytes_of(source).error, "\"gzip\""));
}

}  // namespace
}  // namespace fib::build
