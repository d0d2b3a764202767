// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fake_driver.h"
#include "log_contents.h"
#include "recorder/recorder.h"

namespace fib::recorder::test {

/// A new empty directory, removed with everything in it.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Makes a file in it.
  [[nodiscard]] std::filesystem::path write(const std::string& name, std::string_view text) const;

 private:
  std::filesystem::path path_;
};

[[nodiscard]] std::string read_text(const std::filesystem::path& path);
[[nodiscard]] std::size_t count_of(std::string_view needle, std::string_view text);

/// A log of this test's own, in a directory of its own, fed by fake(). As in a real process nothing
/// of a recorder is ever destroyed, and its writer thread outlives the test.
class RecorderTest : public ::testing::Test {
 protected:
  RecorderTest();
  ~RecorderTest() override;

  /// Made with options_ and api_ as they are on the first call.
  [[nodiscard]] Recorder& recorder();
  /// From now on recorder() is a new one.
  void make_another_recorder();
  [[nodiscard]] Session& session() { return recorder().session; }
  [[nodiscard]] std::filesystem::path capture_path() const { return directory_.path() / "capture"; }
  /// Finishes the log and reads it; fails the test unless it is complete.
  [[nodiscard]] LogContents finish_and_read();
  /// Flushes and reads what is there.
  [[nodiscard]] LogContents flush_and_read();

  /// One Call record in the calling thread's ring.
  void record_call(std::uint64_t value);

  TempDirectory directory_;
  Options options_;
  driver::DriverApi& api_;

 private:
  Recorder* recorder_ = nullptr;
};

}  // namespace fib::recorder::test
