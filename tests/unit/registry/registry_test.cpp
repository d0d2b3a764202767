// SPDX-License-Identifier: Apache-2.0
#include "registry/store/registry.h"

#include <gtest/gtest.h>

#include "registry/store/error.h"
#include "registry/store/layout.h"
#include "tests/unit/registry/sample.h"

namespace fib::registry {
namespace {

namespace fs = std::filesystem;

using testing::definition_json;
using testing::SampleRegistry;
using testing::trace_json;
using testing::workload_json;

std::string only_finding(const Registry& registry) {
  const auto& list = registry.findings().list();
  EXPECT_EQ(list.size(), 1u);
  if (list.empty()) return "";
  EXPECT_FALSE(list[0].remedy.empty());
  return list[0].rule + ' ' + list[0].file +
         (list[0].line > 0 ? ':' + std::to_string(list[0].line) : "");
}

TEST(OpenRegistry, LoadsEverything) {
  const SampleRegistry sample;
  const Registry registry = sample.open();
  EXPECT_TRUE(registry.findings().list().empty());
  ASSERT_NE(registry.definition("scale_h8"), nullptr);
  EXPECT_EQ(registry.definition("scale_h8")->file, "definitions/scale/scale_h8.json");
  EXPECT_EQ(registry.solution("scale_fast")->record.author, "ada");
  EXPECT_EQ(registry.solutions_of("scale_h8").size(), 2u);
  EXPECT_EQ(registry.workloads_of("scale_h8").size(), 1u);
  EXPECT_EQ(registry.traces_of("scale_h8").size(), 2u);
  EXPECT_EQ(registry.definition("other"), nullptr);
  EXPECT_TRUE(registry.traces_of("other").empty());
}

TEST(OpenRegistry, AnEmptyDirectoryIsARegistry) {
  const trace::testing::TempDirectory directory;
  EXPECT_TRUE(Registry::open(directory.path()).definitions().empty());
  EXPECT_THROW((void)Registry::open(directory.path() / "none"), RegistryError);
  directory.write("file", "");
  EXPECT_THROW((void)Registry::open(directory.path() / "file"), RegistryError);
}

TEST(OpenRegistry, BadFilesAreFindings) {
  const SampleRegistry sample;
  sample.write("definitions/scale/bad.json", "{");
  EXPECT_EQ(only_finding(sample.open()), "layout.json definitions/scale/bad.json");
  EXPECT_EQ(sample.open().definitions().size(), 1u);
}

TEST(OpenRegistry, BadLinesDoNotSpoilTheirFile) {
  const SampleRegistry sample;
  const std::string good = to_text(workload_json("w2"));
  sample.write("workloads/scale/scale_h8.jsonl",
               to_text(workload_json()) + "\n\n" + "{]\n" + good + "\r\n" + good.substr(0, 40));
  const Registry registry = sample.open();
  EXPECT_EQ(registry.workloads().size(), 2u);
  ASSERT_EQ(registry.findings().list().size(), 2u);
  EXPECT_EQ(registry.findings().list()[0].line, 3u);
  EXPECT_EQ(registry.findings().list()[1].line, 5u);
  EXPECT_EQ(registry.workloads()[1].line, 4u);
}

TEST(OpenRegistry, KindsOfLinesBelongToTheirFolders) {
  const SampleRegistry sample;
  sample.write("workloads/scale/scale_h8.jsonl", to_text(trace_json()));
  EXPECT_EQ(only_finding(sample.open()), "workload.kind workloads/scale/scale_h8.jsonl:1");
  const SampleRegistry other;
  other.write("traces/ada/scale/scale_h8.jsonl", to_text(workload_json()));
  EXPECT_EQ(only_finding(other.open()), "trace.kind traces/ada/scale/scale_h8.jsonl:1");
}

TEST(OpenRegistry, OfTwoOfOneNameTheFirstStays) {
  const SampleRegistry sample;
  Json twin = definition_json();
  twin["op_type"] = "zzz";
  sample.write("definitions/zzz/scale_h8.json", to_text(twin));
  EXPECT_EQ(only_finding(sample.open()), "layout.duplicate-name definitions/zzz/scale_h8.json");
  EXPECT_EQ(sample.open().definition("scale_h8")->record.op_type, "scale");
}

TEST(OpenRegistry, LinksOutAreRefusedUnlessAskedFor) {
  const SampleRegistry sample;
  const trace::testing::TempDirectory outside;
  Json other = definition_json();
  other["name"] = "other";
  outside.write("other.json", to_text(other));
  fs::create_symlink(outside.path() / "other.json", sample.path() / "definitions/scale/other.json");
  EXPECT_EQ(only_finding(sample.open()), "layout.refused definitions/scale/other.json");
  EXPECT_NE(sample.open({.follow_links = true}).definition("other"), nullptr);
}

TEST(OpenRegistry, LinksToDirectoriesAreNeverFollowed) {
  const SampleRegistry sample;
  fs::create_directory_symlink(sample.path(), sample.path() / "definitions/scale/loop");
  EXPECT_EQ(only_finding(sample.open({.follow_links = true})),
            "layout.refused definitions/scale/loop");
}

TEST(OpenRegistry, FilesThatAreBeingWrittenAreNotSeen) {
  const SampleRegistry sample;
  sample.write("definitions/scale/.new.json", "{");
  EXPECT_TRUE(sample.open().findings().list().empty());
}

TEST(Resolve, KeepsPathsInside) {
  const SampleRegistry sample;
  const fs::path root = fs::canonical(sample.path());
  const auto problem = [&](const std::string& path) { return resolve(root, path, false).problem; };
  using Problem = Resolved::Problem;
  EXPECT_EQ(problem(testing::kBlob), Problem::None);
  EXPECT_EQ(problem(std::string("./") + testing::kBlob), Problem::None);
  EXPECT_EQ(problem("blob/none"), Problem::Missing);
  EXPECT_EQ(problem("../x"), Problem::Outside);
  EXPECT_EQ(problem("blob/../../x"), Problem::Outside);
  EXPECT_EQ(problem("/etc/passwd"), Problem::Outside);
  EXPECT_EQ(problem(std::string("blob\0x", 6)), Problem::Outside);
  fs::create_symlink("/etc/passwd", root / "blob/link");
  EXPECT_EQ(problem("blob/link"), Problem::Outside);
  EXPECT_TRUE(resolve(root, "blob/link", true).ok());
  // A sibling whose name begins like the root's is no part of it.
  fs::create_symlink(root.string() + "2", root / "blob/sibling");
  EXPECT_NE(problem("blob/sibling"), Problem::None);
}

TEST(Layout, NamesThatAreNoFilesCanNotBeWritten) {
  EXPECT_TRUE(is_path_component("rmsnorm_h8"));
  EXPECT_TRUE(is_path_component("Ünïcode name"));
  for (const char* name : {"", ".", "..", "a/b", "a\nb", ".hidden"}) {
    EXPECT_FALSE(is_path_component(name)) << name;
  }
  EXPECT_FALSE(is_path_component(std::string(201, 'a')));
}

}  // namespace
}  // namespace fib::registry
