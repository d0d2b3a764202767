// SPDX-License-Identifier: Apache-2.0
#include "trace/sink.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "temp_directory.h"

namespace fib::trace {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

/// Files of this process cannot grow beyond `bytes` while it lives: a disk that fills up in the
/// middle of a write.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &previous_);
    const rlimit limit{bytes, previous_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &previous_); }

 private:
  rlimit previous_;
};

TEST(FileSink, AppendsInOrder) {
  const testing::TempDirectory directory;
  int error = -1;
  auto sink = open_file_sink((directory.path() / "log").c_str(), error);
  ASSERT_TRUE(sink);
  EXPECT_EQ(0, error);
  EXPECT_EQ(0, sink->append(bytes_of("one")));
  EXPECT_EQ(0, sink->append({}));
  EXPECT_EQ(0, sink->append(bytes_of("two")));
  EXPECT_EQ("onetwo", directory.read("log"));
}

TEST(FileSink, NeverOverwrites) {
  const testing::TempDirectory directory;
  std::ofstream(directory.path() / "log") << "mine";
  int error = 0;
  EXPECT_FALSE(open_file_sink((directory.path() / "log").c_str(), error));
  EXPECT_EQ(EEXIST, error);
  EXPECT_EQ("mine", directory.read("log"));
}

TEST(FileSink, SaysWhyItCannotOpen) {
  const testing::TempDirectory directory;
  int error = 0;
  EXPECT_FALSE(open_file_sink((directory.path() / "no" / "log").c_str(), error));
  EXPECT_EQ(ENOENT, error);
}

TEST(FileSink, ShortWriteLeavesNothingAndRaisesNoSignal) {
  const testing::TempDirectory directory;
  int error = 0;
  auto sink = open_file_sink((directory.path() / "log").c_str(), error);
  ASSERT_TRUE(sink);
  ASSERT_EQ(0, sink->append(bytes_of("kept")));
  {
    const FileSizeLimit limit(10);  // SIGXFSZ would kill the test
    EXPECT_EQ(EFBIG, sink->append(bytes_of("does not fit")));
    EXPECT_EQ("kept", directory.read("log"));
  }
  EXPECT_EQ(0, sink->append(bytes_of("+more")));
  EXPECT_EQ("kept+more", directory.read("log"));
}

TEST(FileSink, LeavesTheSignalMaskAsItWas) {
  const testing::TempDirectory directory;
  int error = 0;
  auto sink = open_file_sink((directory.path() / "log").c_str(), error);
  ASSERT_TRUE(sink);
  ASSERT_EQ(0, sink->append(bytes_of("text")));
  sigset_t mask;
  sigset_t pending;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  sigpending(&pending);
  EXPECT_EQ(0, sigismember(&mask, SIGXFSZ));
  EXPECT_EQ(0, sigismember(&pending, SIGXFSZ));
}

}  // namespace
}  // namespace fib::trace
