// SPDX-License-Identifier: Apache-2.0
#include "registry/store/files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>
#include <vector>

#include "registry/store/error.h"
#include "tests/unit/trace/temp_directory.h"

namespace fib::registry {
namespace {

namespace fs = std::filesystem;

class Files : public ::testing::Test {
 protected:
  [[nodiscard]] fs::path path(const char* name) const { return directory_.path() / name; }
  [[nodiscard]] std::size_t count_files() const {
    return static_cast<std::size_t>(
        std::distance(fs::recursive_directory_iterator(directory_.path()), {}));
  }
  trace::testing::TempDirectory directory_;
};

TEST_F(Files, ReplacingLeavesNothingBehind) {
  replace_file(path("a/b.json"), "one");
  replace_file(path("a/b.json"), "two");
  EXPECT_EQ(directory_.read("a/b.json"), "two");
  EXPECT_EQ(count_files(), 2u);
}

TEST_F(Files, ReplacingFailsWithOneLineAndKeepsTheOldFile) {
  directory_.write("file", "old");
  EXPECT_THROW(replace_file(path("file/b"), "new"), RegistryError);
  EXPECT_EQ(directory_.read("file"), "old");
}

TEST_F(Files, AppendingMendsAMissingLineFeed) {
  directory_.write("l.jsonl", "{\"torn\"");
  append_lines(path("l.jsonl"), "{}\n");
  append_lines(path("l.jsonl"), "[]");
  EXPECT_EQ(directory_.read("l.jsonl"), "{\"torn\"\n{}\n[]\n");
}

TEST_F(Files, AppendingDoesNotFollowLinks) {
  directory_.write("target", "x\n");
  fs::create_symlink(path("target"), path("l.jsonl"));
  EXPECT_THROW(append_lines(path("l.jsonl"), "y\n"), RegistryError);
  EXPECT_EQ(directory_.read("target"), "x\n");
}

TEST_F(Files, AppendingDoesNotWaitForAFifo) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_THROW(append_lines(path("fifo"), "y\n"), RegistryError);
  EXPECT_EQ(read_file(path("fifo"), 100).error, "is no regular file");
}

// Every line is whole and none is lost, while one process keeps replacing the file.
TEST_F(Files, AppendersAndRewritersDoNotLoseLines) {
  constexpr int kWriters = 4, kLines = 50;
  append_lines(path("l.jsonl"), "start\n");
  std::vector<pid_t> children;
  for (int writer = 0; writer < kWriters; ++writer) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (int i = 0; i < kLines; ++i) {
        append_lines(path("l.jsonl"), std::string(200, static_cast<char>('a' + writer)) + '\n');
      }
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (int i = 0; i < kLines; ++i) {
    change_lines(path("l.jsonl"), [](std::string_view text) { return std::string(text) + "r\n"; });
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  const std::string text = directory_.read("l.jsonl");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1 + kLines * (kWriters + 1));
  EXPECT_EQ(text.size(), 6u + kLines * 2 + kLines * kWriters * 201u);
  EXPECT_EQ(count_files(), 1u);
}

TEST_F(Files, ADiskThatIsFullLeavesNoHalfLine) {
  append_lines(path("l.jsonl"), "first\n");
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit limit{10, 10};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, SIG_IGN);
    try {
      append_lines(path("l.jsonl"), "second line\n");
    } catch (const RegistryError&) {
      ::_exit(7);
    }
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(directory_.read("l.jsonl"), "first\n");
}

TEST_F(Files, ChangingMayLeaveOrRemoveTheFile) {
  append_lines(path("l.jsonl"), "a\n");
  change_lines(path("l.jsonl"), [](std::string_view) { return std::nullopt; });
  EXPECT_EQ(directory_.read("l.jsonl"), "a\n");
  change_lines(path("l.jsonl"), [](std::string_view) { return std::string(); });
  EXPECT_FALSE(fs::exists(path("l.jsonl")));
}

TEST_F(Files, RemovingTakesEmptyDirectoriesAlong) {
  directory_.write("a/b/c.json", "");
  directory_.write("a/d.json", "");
  remove_file(path("a/b/c.json"), directory_.path());
  EXPECT_FALSE(fs::exists(path("a/b")));
  EXPECT_TRUE(fs::exists(path("a")));
  remove_file(path("a/d.json"), directory_.path());
  EXPECT_TRUE(fs::exists(directory_.path()));
  EXPECT_FALSE(fs::exists(path("a")));
}

TEST_F(Files, ReadingHasALimit) {
  directory_.write("f", "12345");
  EXPECT_EQ(read_file(path("f"), 5).text, "12345");
  EXPECT_EQ(read_file(path("f"), 4).error, "has 5 bytes, more than 4 that are read");
}

}  // namespace
}  // namespace fib::registry
