// SPDX-License-Identifier: Apache-2.0
#include "dispatch/source/trusted_tree.h"

#include <gtest/gtest.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "tests/unit/trace/temp_directory.h"

namespace fib::dispatch {
namespace {

namespace fs = std::filesystem;

std::int64_t now_ns() {
  struct timespec now {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// Longer than file systems take for two changes to have two dates.
void let_time_pass() { std::this_thread::sleep_for(std::chrono::milliseconds(40)); }

class Trust : public ::testing::Test {
 protected:
  Trust() {
    ::umask(022);
    directory_.write("root/a/one.json", "1");
    directory_.write("root/a/two.json", "2");
    directory_.write("root/b/three.txt", "3");
  }

  [[nodiscard]] fs::path root() const { return directory_.path() / "root"; }
  std::unique_ptr<TrustedTree> open() {
    Opened opened;
    let_time_pass();
    began_ = now_ns();
    auto tree = TrustedTree::open(root().string(), opened);
    EXPECT_TRUE(opened.ok()) << opened.error;
    return tree;
  }
  /// Reads all there is to read.
  std::unique_ptr<TrustedTree> open_and_read() {
    auto tree = open();
    for (const std::string& file : tree->list("", "", findings_))
      EXPECT_EQ(tree->read(file, 100).error, "");
    return tree;
  }

  trace::testing::TempDirectory directory_;
  registry::Findings findings_;
  std::int64_t began_ = 0;
};

TEST_F(Trust, ListsAndReads) {
  const auto tree = open();
  EXPECT_EQ(tree->list("", ".json", findings_),
            (std::vector<std::string>{"a/one.json", "a/two.json"}));
  EXPECT_EQ(tree->list("nothing", ".json", findings_), std::vector<std::string>{});
  EXPECT_EQ(tree->read("a/two.json", 1).text, "2");
  EXPECT_NE(tree->read("a/two.json", 0).error, "");
  EXPECT_TRUE(findings_.list().empty());
  EXPECT_TRUE(tree->is_one_state(began_));
}

TEST_F(Trust, NoNameLeavesTheRoot) {
  directory_.write("outside.json", "x");
  const auto tree = open();
  for (const char* name : {"../outside.json", "a/../../outside.json", "/etc/passwd", "..", ""}) {
    EXPECT_NE(tree->read(name, 1 << 20).error, "") << name;
  }
}

TEST_F(Trust, FindsThatAFileChanged) {
  const auto tree = open_and_read();
  directory_.write("root/a/one.json", "4");
  EXPECT_FALSE(tree->is_one_state(began_));
}

TEST_F(Trust, FindsThatAFileWasReplacedByOneOfTheSameSizeAndDate) {
  const auto tree = open_and_read();
  const auto date = fs::last_write_time(root() / "a/one.json");
  directory_.write("other", "4");
  fs::rename(directory_.path() / "other", root() / "a/one.json");
  fs::last_write_time(root() / "a/one.json", date);
  EXPECT_FALSE(tree->is_one_state(began_));
}

TEST_F(Trust, FindsThatAFileCameOrWent) {
  const auto one = open_and_read();
  directory_.write("root/b/four.txt", "4");
  EXPECT_FALSE(one->is_one_state(began_));
  const auto two = open_and_read();
  fs::remove(root() / "b/four.txt");
  EXPECT_FALSE(two->is_one_state(began_));
}

TEST_F(Trust, FindsThatTheRootIsAnother) {
  const auto tree = open_and_read();
  fs::rename(root(), directory_.path() / "old");
  EXPECT_FALSE(tree->is_one_state(began_));
  fs::copy(directory_.path() / "old", root(), fs::copy_options::recursive);
  EXPECT_FALSE(tree->is_one_state(began_));
}

TEST_F(Trust, WhatChangedAMomentBeforeMayChangeAgainUnseen) {
  let_time_pass();
  directory_.write("root/a/one.json", "4");
  Opened opened;
  const std::int64_t began = now_ns();
  const auto tree = TrustedTree::open(root().string(), opened);
  ASSERT_NE(tree, nullptr);
  EXPECT_EQ(tree->read("a/one.json", 100).text, "4");
  EXPECT_FALSE(tree->is_one_state(began));
}

TEST_F(Trust, WhatIsNotOfInterestIsNotLookedAt) {
  const auto tree = open();
  tree->set_filter([](std::string_view name, bool) { return !name.starts_with("a"); });
  EXPECT_EQ(tree->list("", "", findings_), std::vector<std::string>{"b/three.txt"});
  directory_.write("root/a/one.json", "4");
  EXPECT_TRUE(tree->is_one_state(began_));
}

TEST_F(Trust, AFileThatItsOwnerMayNotReadIsRefused) {
  fs::permissions(directory_.path(), fs::perms(0755));
  fs::permissions(root() / "a/one.json", fs::perms(0));
  const bool is_root = ::geteuid() == 0;
  ASSERT_TRUE(!is_root || ::seteuid(65534) == 0);
  const auto tree = open();
  const registry::FileText text = tree->read("a/one.json", 100);
  ASSERT_TRUE(!is_root || ::seteuid(0) == 0);
  EXPECT_NE(text.error.find("can't be opened"), std::string::npos) << text.error;
}

}  // namespace
}  // namespace fib::dispatch
