// SPDX-License-Identifier: Apache-2.0
#include "trace/capture.h"

#include <gtest/gtest.h>

#include "temp_directory.h"

namespace fib::trace {
namespace {

namespace fs = std::filesystem;
using testing::TempDirectory;

std::string error_of(const fs::path& path) {
  try {
    (void)open_capture(path);
  } catch (const CaptureError& error) {
    return error.what();
  }
  return "no error";
}

std::vector<std::string> names(const Capture& capture) {
  std::vector<std::string> all;
  for (const auto& process : capture.processes) all.push_back(process.name);
  return all;
}

TEST(Capture, ListsProcessesInNaturalOrder) {
  const TempDirectory directory;
  for (const char* name : {"rank10-pid7-5", "rank2-pid8-5", "pid100-5", "pid99-5.partial"}) {
    directory.write(std::string(name) + "/log.fib", "");
  }
  directory.write("images/00", "");
  directory.write("empty/other", "");
  const Capture capture = open_capture(directory.path());
  EXPECT_EQ((std::vector<std::string>{"pid99-5", "pid100-5", "rank2-pid8-5", "rank10-pid7-5"}),
            names(capture));
  EXPECT_FALSE(capture.processes[0].closed);
  EXPECT_TRUE(capture.processes[1].closed);
  EXPECT_EQ(directory.path() / "pid99-5.partial", capture.processes[0].directory);
  EXPECT_EQ(directory.path() / "pid99-5.partial" / "log.fib", capture.processes[0].log);
}

TEST(Capture, AcceptsOneProcessOrItsLog) {
  const TempDirectory directory;
  directory.write("pid1-5.partial/log.fib", "");
  directory.write("pid2-5/log.fib", "");
  for (const char* inside : {"pid1-5.partial", "pid1-5.partial/", "pid1-5.partial/log.fib"}) {
    const Capture capture = open_capture(directory.path() / inside);
    EXPECT_EQ(directory.path(), capture.directory);
    ASSERT_EQ(1u, capture.processes.size());
    EXPECT_EQ("pid1-5", capture.processes[0].name);
    EXPECT_FALSE(capture.processes[0].closed);
  }
}

TEST(Capture, AcceptsRelativePaths) {
  const TempDirectory directory;
  directory.write("capture/pid2-5/log.fib", "");
  const fs::path before = fs::current_path();
  fs::current_path(directory.path() / "capture" / "pid2-5");
  const Capture log = open_capture("log.fib");
  const Capture here = open_capture(".");
  const Capture above = open_capture("..");
  fs::current_path(before);
  for (const auto& capture : {log, here, above}) {
    EXPECT_EQ("capture", capture.directory.filename());
    EXPECT_EQ(std::vector<std::string>{"pid2-5"}, names(capture));
  }
}

TEST(Capture, SaysWhatIsWrong) {
  const TempDirectory directory;
  const fs::path missing = directory.path() / "missing";
  EXPECT_EQ(missing.string() + ": no such capture (No such file or directory); check the path",
            error_of(missing));
  EXPECT_NE(std::string::npos, error_of(directory.path()).find("no recorded process in it"));
  EXPECT_NE(std::string::npos, error_of("").find("no such capture"));
  EXPECT_NE(std::string::npos, error_of("/dev/null").find("not a directory"));
}

TEST(Capture, NamesImagesByTheirHash) {
  const std::uint8_t hash[16] = {0x00, 0x12, 0xab, 0xff, 4,  5,  6,  7,
                                 8,    9,    10,   11,   12, 13, 14, 0xf0};
  EXPECT_EQ("0012abff0405060708090a0b0c0d0ef0", hash_hex(hash));
  EXPECT_EQ(fs::path("/c/images/0012abff0405060708090a0b0c0d0ef0"),
            image_path(Capture{"/c", {}}, hash));
}

}  // namespace
}  // namespace fib::trace
