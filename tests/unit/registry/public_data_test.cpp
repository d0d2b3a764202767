// SPDX-License-Identifier: Apache-2.0
//
// The public FlashInfer Trace dataset, where it is at hand: FIB_FLASHINFER_TRACE, or
// ../shared/flashinfer-trace beside the checkout. It is data of others, so it is not kept here.
#include <gtest/gtest.h>
#include <algorithm>

#include <cstdlib>
#include <map>

#include "registry/store/files.h"
#include "registry/store/import.h"
#include "registry/validate/validate.h"
#include "tests/unit/trace/temp_directory.h"

namespace fib::registry {
namespace {

namespace fs = std::filesystem;

class PublicData : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const path = std::getenv("FIB_FLASHINFER_TRACE");
    root_ =
        path != nullptr ? fs::path(path) : fs::path(FIB_TEST_SOURCE) / "../shared/flashinfer-trace";
    if (!fs::is_directory(root_)) GTEST_SKIP() << "no dataset: set FIB_FLASHINFER_TRACE";
  }
  fs::path root_;
};

Json json_of(const fs::path& file) {
  const FileText text = read_file(file, std::size_t{1} << 30);
  EXPECT_EQ(text.error, "");
  const ParsedJson parsed = parse_json(text.text);
  EXPECT_EQ(parsed.error, "");
  return parsed.value;
}

TEST_F(PublicData, LoadsWithoutAFinding) {
  const Registry registry = Registry::open(root_);
  EXPECT_TRUE(registry.findings().list().empty());
  EXPECT_EQ(registry.definitions().size(), 139u);
  EXPECT_EQ(registry.workloads().size(), 663u);
}

TEST_F(PublicData, ComesBackMemberByMember) {
  const Registry registry = Registry::open(root_);
  for (const auto& stored : registry.definitions()) {
    // Not only the same meaning: the same members in the same order.
    EXPECT_EQ(to_text(to_json(stored.record)), to_text(json_of(registry.root() / stored.file)))
        << stored.file;
  }
  std::map<std::string, std::vector<std::string>> lines;
  for (const auto& stored : registry.workloads()) {
    auto& file = lines[stored.file];
    if (file.empty()) {
      const std::string text = read_file(registry.root() / stored.file, 1 << 30).text;
      for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        file.push_back(text.substr(at, end - at));
        if (end == text.size()) break;
      }
    }
    const ParsedJson line = parse_json(file.at(stored.line - 1));
    EXPECT_EQ(to_text(to_json(stored.record)), to_text(line.value)) << stored.file;
  }
}

TEST_F(PublicData, BlobsThatAreNotHereAreNamed) {
  const Registry registry = Registry::open(root_);
  std::map<std::string, std::size_t> rules;
  for (const Finding& finding : validate(registry, {}).findings) {
    EXPECT_FALSE(finding.remedy.empty());
    if (finding.level == Level::Error) ++rules[finding.rule];
    if (finding.rule != "layout.blob-missing") continue;
    EXPECT_NE(finding.message.find("blob/workloads/"), std::string::npos);
    EXPECT_GT(finding.line, 0u);
  }
  if (!fs::exists(root_ / "blob")) {
    EXPECT_EQ(rules["layout.blob-missing"], 307u);
  }
  // Defects of the dataset: four references take their inputs in another order than they are given
  // in, and two workloads have an axis of 0.
  EXPECT_EQ(rules["definition.reference-signature"], 4u);
  EXPECT_EQ(rules["workload.axes"], 2u);
}

TEST_F(PublicData, ImportsAndValidatesTheSame) {
  const trace::testing::TempDirectory directory;
  const Registry source = Registry::open(root_);
  const ImportReport report = import_all(source, Registry::open(directory.path()), {});
  EXPECT_EQ(report.definitions.added, 139u);
  EXPECT_EQ(report.workloads.added, 663u);
  EXPECT_EQ(report.findings.count(Level::Error), 0u);
  const Registry copy = Registry::open(directory.path());
  for (const auto& stored : source.definitions()) {
    ASSERT_NE(copy.definition(stored.record.name), nullptr);
    EXPECT_TRUE(
        same_meaning(to_json(copy.definition(stored.record.name)->record), to_json(stored.record)));
  }
  EXPECT_EQ(validate(copy, {}).count(Level::Error), validate(source, {}).count(Level::Error));
}

}  // namespace
}  // namespace fib::registry
