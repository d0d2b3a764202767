// SPDX-License-Identifier: Apache-2.0
#include "recorder/image_store.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <string>

#include "recorder_test.h"
#include "trace/checksum.h"

namespace fib::recorder {
namespace {

using test::TempDirectory;

std::span<const std::byte> octets(std::string_view text) { return std::as_bytes(std::span(text)); }

class ImageStore : public testing::Test {
 protected:
  int store(std::string_view content) {
    return store_content(directory_.path().c_str(), trace::content_hash(octets(content)),
                         octets(content));
  }
  [[nodiscard]] std::string name_of(std::string_view content) const {
    const trace::Hash hash = trace::content_hash(octets(content));
    std::string name;
    for (const std::uint8_t b : hash) {
      name += "0123456789abcdef"[b / 16];
      name += "0123456789abcdef"[b % 16];
    }
    return name;
  }
  [[nodiscard]] std::size_t file_count() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator(directory_.path()))
      ++count;
    return count;
  }
  TempDirectory directory_;
};

TEST_F(ImageStore, HashIsXxh3InCanonicalOrder) {
  EXPECT_EQ(name_of(""), "99aa06d3014798d86001c324468d497f");
  EXPECT_NE(name_of("a"), name_of("b"));
}

TEST_F(ImageStore, WritesUnderTheHash) {
  const std::string content = "a cubin\0with zeros";
  EXPECT_EQ(store(content), 0);
  EXPECT_EQ(test::read_text(directory_.path() / name_of(content)), content);
  EXPECT_EQ(store(""), 0);
  EXPECT_EQ(test::read_text(directory_.path() / name_of("")), "");
  EXPECT_EQ(file_count(), 2u);
}

TEST_F(ImageStore, KeepsAFileThatIsThere) {
  ASSERT_EQ(store("content"), 0);
  struct stat before, after;
  const std::string path = directory_.path() / name_of("content");
  ASSERT_EQ(stat(path.c_str(), &before), 0);
  EXPECT_EQ(store("content"), 0);
  ASSERT_EQ(stat(path.c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_EQ(file_count(), 1u);
}

TEST_F(ImageStore, ReplacesAFileOfAnotherLength) {
  (void)directory_.write(name_of("content"), "cont");  // cut, by a full disk
  EXPECT_EQ(store("content"), 0);
  EXPECT_EQ(test::read_text(directory_.path() / name_of("content")), "content");
  EXPECT_EQ(file_count(), 1u);
}

TEST_F(ImageStore, IgnoresWhatAKilledProcessOfTheSameNumberLeft) {
  (void)directory_.write("." + name_of("content") + "." + std::to_string(getpid()), "con");
  EXPECT_EQ(store("content"), 0);
  EXPECT_EQ(test::read_text(directory_.path() / name_of("content")), "content");
}

TEST_F(ImageStore, TellsWhatIsWrongWithTheDirectory) {
  const auto hash = trace::content_hash(octets("x"));
  const std::string missing = directory_.path() / "missing";
  EXPECT_EQ(store_content(missing.c_str(), hash, octets("x")), ENOENT);
  const std::string file = directory_.write("file", "");
  EXPECT_EQ(store_content(file.c_str(), hash, octets("x")), ENOTDIR);
  const std::string too_long(PATH_MAX, 'd');
  EXPECT_EQ(store_content(too_long.c_str(), hash, octets("x")), ENAMETOOLONG);
}

TEST_F(ImageStore, LeavesNothingWhenTheDiskIsFull) {
  // A file size limit stands for the full disk. Its signal is for programs that do not look at
  // errno.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGXFSZ);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &signals, nullptr), 0);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit tight = before;
  tight.rlim_cur = 1000;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  const int error = store(std::string(5000, 'x'));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  const timespec at_once{};
  while (sigtimedwait(&signals, nullptr, &at_once) > 0) continue;
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  EXPECT_EQ(error, EFBIG);
  EXPECT_EQ(file_count(), 0u);
}

}  // namespace
}  // namespace fib::recorder
