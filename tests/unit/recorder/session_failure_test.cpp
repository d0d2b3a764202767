// SPDX-License-Identifier: Apache-2.0
//
// Whatever goes wrong is said in one line, and the program goes on.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

#include "recorder_test.h"

namespace fib::recorder {
namespace {

namespace fs = std::filesystem;
using test::count_of;
using test::LogContents;

constexpr std::uint64_t kLong = 20'000'000'000u;

class SessionFailure : public test::RecorderTest {
 protected:
  /// What was said while `body` ran.
  template <class Body>
  static std::string said(Body&& body) {
    ::testing::internal::CaptureStderr();
    body();
    return ::testing::internal::GetCapturedStderr();
  }
  /// Inside said(): waits for the writer thread to give up and, which comes later, to say so.
  void wait_for_failure() {
    for (int i = 0; i < 4000 && !(session().failed() && has_said_something()); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_TRUE(session().failed());
  }
  static bool has_said_something() {
    struct stat captured {};
    return fstat(STDERR_FILENO, &captured) == 0 && captured.st_size > 0;
  }
};

/// Limits the size of files that this process writes: a disk that is full, as far as the log knows.
/// Sessions of other tests may suffer, too, so what they say does not count.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit tight = before_;
    tight.rlim_cur = bytes;
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

TEST_F(SessionFailure, DirectoryThatCanNotBeMade) {
  (void)directory_.write("capture", "a file in the way");
  const std::string text = said([&] {
    record_call(1);
    EXPECT_FALSE(session().start());
    EXPECT_FALSE(session().start());
    EXPECT_TRUE(session().failed());
    for (std::uint64_t i = 0; i < 5000; ++i) record_call(i);  // more than the ring holds
    session().deviation(trace::Deviation::HostFunction, "said to nobody");
    session().flush(kLong);
    session().finish();
  });
  EXPECT_EQ(count_of("\n", text), 1u) << text;
  EXPECT_EQ(text.find("fibshim: can't make the capture directory " + capture_path().string()), 0u)
      << text;
  EXPECT_NE(text.find("Not a directory"), std::string::npos) << text;
}

TEST_F(SessionFailure, StartThatFailsInOneOfManyThreads) {
  (void)directory_.write("capture", "a file in the way");
  (void)session();
  const std::string text = said([&] {
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&] {
        (void)session().start();
        record_call(1);
      });
    for (std::thread& thread : threads) thread.join();
  });
  EXPECT_EQ(count_of("\n", text), 1u) << text;
}

TEST_F(SessionFailure, DiskThatIsFull) {
  options_.zstd_level = 0;
  std::string text;
  {
    ASSERT_TRUE(session().start());
    record_call(1);
    session().flush(kLong);
    const FileSizeLimit limit(128 * 1024);
    text = said([&] {
      for (std::uint64_t i = 0; i < 20000 && !session().failed(); ++i) {
        record_call(i);
        if (i % 500 == 0) session().flush(kLong);
      }
      wait_for_failure();
      for (std::uint64_t i = 0; i < 5000; ++i) record_call(i);
      session().flush(kLong);
      session().finish();
    });
  }
  EXPECT_EQ(count_of("can't write the log " + capture_path().string(), text), 1u) << text;
  EXPECT_EQ(count_of(capture_path().string(), text), 1u) << text;
  EXPECT_NE(text.find("File too large"), std::string::npos) << text;
  // What had been written reads back, up to the last whole chunk.
  const LogContents log = test::read_capture(capture_path());
  EXPECT_EQ(log.result.status, trace::ReadStatus::Unclosed) << log.result.message;
  EXPECT_FALSE(log.closed);
  ASSERT_GE(log.calls.size(), 1000u);
  EXPECT_EQ(log.calls.front().words.at(0), 1u);
}

TEST_F(SessionFailure, DiskThatIsFullFromTheStart) {
  options_.zstd_level = 0;
  const std::string text = said([&] {
    const FileSizeLimit limit(2000);
    (void)session().start();  // the writer thread may fail before or after it returns
    record_call(1);
    session().flush(kLong);
    wait_for_failure();
    session().finish();
  });
  EXPECT_EQ(count_of(capture_path().string(), text), 1u) << text;
  const LogContents log = test::read_capture(capture_path());
  EXPECT_EQ(log.result.status, trace::ReadStatus::Unclosed) << log.result.message;
}

TEST_F(SessionFailure, WriterThreadThatFailsWhileTheSessionStarts) {
  options_.zstd_level = 0;
  for (int i = 0; i < 30; ++i) {  // it may be faster than start(), or not
    const FileSizeLimit limit(2000);
    (void)said([&] {
      (void)session().start();
      wait_for_failure();
    });
    EXPECT_FALSE(session().start());
    make_another_recorder();
  }
}

TEST_F(SessionFailure, ImageStoreThatIsGone) {
  ASSERT_TRUE(session().start());
  session().flush(kLong);
  fs::remove_all(capture_path() / "images");
  const std::string text = said([&] {
    static const std::array<std::byte, 16> kImage{};
    for (std::uint32_t load = 1; load <= 2; ++load)
      EXPECT_TRUE(session().images().push(
          session().images().copy(load, 0, {kImage.data(), kImage.size(), trace::ImageKind::Elf})));
    session().flush(kLong);
    wait_for_failure();
    record_call(1);
  });
  EXPECT_EQ(count_of("\n", text), 1u) << text;
  EXPECT_EQ(text.find("fibshim: can't store a code image in " + capture_path().string()), 0u)
      << text;
}

TEST_F(SessionFailure, NoMemoryToDescribeTheProcess) {
  options_.definition_bytes = 100;
  const std::string text = said([&] { EXPECT_FALSE(session().start()); });
  EXPECT_EQ(count_of("\n", text), 1u) << text;
  EXPECT_NE(text.find("Cannot allocate memory"), std::string::npos) << text;
}

TEST_F(SessionFailure, DirectoryThatIsRemovedWhileRecording) {
  ASSERT_TRUE(session().start());
  record_call(1);
  session().flush(kLong);
  fs::remove_all(capture_path());
  const std::string text = said([&] {
    record_call(2);
    session().finish();
    wait_for_failure();
  });
  EXPECT_EQ(count_of("\n", text), 1u) << text;
  EXPECT_EQ(text.find("fibshim: can't rename the finished capture "), 0u) << text;
}

TEST_F(SessionFailure, RingsThatCanNotBeMapped) {
  options_.ring_bytes = std::size_t{1} << 62;
  ASSERT_TRUE(session().start());
  record_call(1);
  record_call(2);
  const LogContents log = finish_and_read();
  EXPECT_TRUE(log.calls.empty());
  EXPECT_EQ(log.ends.at(0).dropped_records, 2u);
}

}  // namespace
}  // namespace fib::recorder
