// SPDX-License-Identifier: Apache-2.0
#include "recorder/capture_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "recorder_test.h"

namespace fib::recorder {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kTime = 1'700'000'000'123'456'789;  // ns

std::string process_name() { return "pid" + std::to_string(getpid()) + "-1700000000123"; }

TEST(CaptureDirTest, MakesAllDirectoriesUnderAnAbsolutePath) {
  const test::TempDirectory directory;
  const fs::path root = directory.path() / "deep" / "er" / "capture";
  CaptureDir capture;
  ASSERT_EQ(capture.create(root.c_str(), {}, kTime), 0);
  EXPECT_EQ(capture.images_path(), (root / "images").string());
  EXPECT_EQ(capture.log_path(), (root / (process_name() + ".partial") / "log.fib").string());
  EXPECT_TRUE(fs::is_directory(root / "images"));
  EXPECT_TRUE(fs::is_directory(root / (process_name() + ".partial")));
  EXPECT_FALSE(fs::exists(capture.log_path()));
}

TEST(CaptureDirTest, NamesTheRank) {
  const test::TempDirectory directory;
  CaptureDir capture;
  ASSERT_EQ(capture.create(directory.path().c_str(), {12, 4, 16, "RANK"}, kTime), 0);
  EXPECT_EQ(capture.log_path(),
            (directory.path() / ("rank12-" + process_name() + ".partial") / "log.fib").string());
}

TEST(CaptureDirTest, CloseGivesTheFinalName) {
  const test::TempDirectory directory;
  CaptureDir capture;
  ASSERT_EQ(capture.create(directory.path().c_str(), {}, kTime), 0);
  EXPECT_EQ(capture.close(), 0);
  EXPECT_TRUE(fs::is_directory(directory.path() / process_name()));
  EXPECT_FALSE(fs::exists(directory.path() / (process_name() + ".partial")));
}

TEST(CaptureDirTest, CloseTellsWhatIsWrong) {
  const test::TempDirectory directory;
  CaptureDir capture;
  ASSERT_EQ(capture.create(directory.path().c_str(), {}, kTime), 0);
  fs::remove_all(directory.path() / (process_name() + ".partial"));
  EXPECT_EQ(capture.close(), ENOENT);
  EXPECT_EQ(capture.failed_path(), (directory.path() / (process_name() + ".partial")).string());
}

TEST(CaptureDirTest, SharesTheCaptureWithOtherProcesses) {
  const test::TempDirectory directory;
  CaptureDir first, second;
  ASSERT_EQ(first.create(directory.path().c_str(), {0, 0, 2, ""}, kTime), 0);
  ASSERT_EQ(second.create(directory.path().c_str(), {1, 1, 2, ""}, kTime), 0);
  EXPECT_STREQ(first.images_path(), second.images_path());
  EXPECT_STRNE(first.log_path(), second.log_path());
}

TEST(CaptureDirTest, RelativePathIsFixedWhenItIsMade) {
  const test::TempDirectory directory;
  const fs::path before = fs::current_path();
  fs::current_path(directory.path());
  const fs::path here = fs::current_path();
  CaptureDir capture;
  const int error = capture.create("some/capture", {}, kTime);
  fs::current_path(before);  // as engines do between start and end
  ASSERT_EQ(error, 0);
  EXPECT_EQ(capture.images_path(), (here / "some/capture/images").string());
  EXPECT_EQ(capture.close(), 0);
  EXPECT_TRUE(fs::is_directory(here / "some/capture" / process_name()));
}

TEST(CaptureDirTest, RefusesAPathThatIsTooLong) {
  CaptureDir capture;
  const std::string long_path = "/" + std::string(PATH_MAX, 'x');
  EXPECT_EQ(capture.create(long_path.c_str(), {}, kTime), ENAMETOOLONG);
  EXPECT_EQ(capture.failed_path(), long_path);
  const std::string long_relative(PATH_MAX - 10, 'x');
  EXPECT_EQ(capture.create(long_relative.c_str(), {}, kTime), ENAMETOOLONG);
}

TEST(CaptureDirTest, RefusesANameThatIsTooLong) {
  const test::TempDirectory directory;
  CaptureDir capture;
  const std::string path = directory.path() / std::string(300, 'x');
  EXPECT_EQ(capture.create(path.c_str(), {}, kTime), ENAMETOOLONG);
}

TEST(CaptureDirTest, LongestPathsStillHaveAllTheirParts) {
  const test::TempDirectory directory;
  std::string root = directory.path();
  while (root.size() + 201 < PATH_MAX - 110) root += "/" + std::string(200, 'd');
  root += "/" + std::string(PATH_MAX - 110 - root.size() - 1, 'e');
  CaptureDir capture;
  ASSERT_EQ(capture.create(root.c_str(), {}, kTime), 0) << capture.failed_path();
  EXPECT_EQ(capture.images_path(), root + "/images");
  EXPECT_EQ(capture.log_path(), root + "/" + process_name() + ".partial/log.fib");
}

TEST(CaptureDirTest, RefusesADirectoryUnderARegularFile) {
  const test::TempDirectory directory;
  const fs::path file = directory.write("file", "");
  CaptureDir capture;
  EXPECT_EQ(capture.create((file / "capture").c_str(), {}, kTime), ENOTDIR);
  EXPECT_EQ(std::string(capture.failed_path()).rfind(file.string(), 0), 0u)
      << capture.failed_path();
}

/// Without any launcher's variables, whatever runs the tests.
class DetectRank : public testing::Test {
 protected:
  static constexpr const char* kVariables[] = {
      "RANK",         "LOCAL_RANK",    "WORLD_SIZE",      "OMPI_COMM_WORLD_RANK",
      "PMI_RANK",     "PMI_SIZE",      "MPI_LOCALRANKID", "OMPI_COMM_WORLD_LOCAL_RANK",
      "SLURM_PROCID", "SLURM_LOCALID", "SLURM_NTASKS",    "OMPI_COMM_WORLD_SIZE"};
  DetectRank() { clear(); }
  ~DetectRank() override { clear(); }
  static void clear() {
    for (const char* variable : kVariables) unsetenv(variable);
  }
  static void expect(int rank, int local, int world, const char* source) {
    const Rank found = detect_rank();
    EXPECT_EQ(found.rank, rank);
    EXPECT_EQ(found.local_rank, local);
    EXPECT_EQ(found.world_size, world);
    EXPECT_STREQ(found.source, source);
  }
};

TEST_F(DetectRank, UnknownWithoutALauncher) { expect(-1, -1, -1, ""); }

TEST_F(DetectRank, Torchrun) {
  setenv("RANK", "9", 1);
  setenv("LOCAL_RANK", "1", 1);
  setenv("WORLD_SIZE", "16", 1);
  expect(9, 1, 16, "RANK");
}

TEST_F(DetectRank, OpenMpi) {
  setenv("OMPI_COMM_WORLD_RANK", "3", 1);
  setenv("OMPI_COMM_WORLD_LOCAL_RANK", "3", 1);
  setenv("OMPI_COMM_WORLD_SIZE", "4", 1);
  expect(3, 3, 4, "OMPI_COMM_WORLD_RANK");
}

TEST_F(DetectRank, MpichAndSlurm) {
  setenv("SLURM_PROCID", "5", 1);
  setenv("SLURM_LOCALID", "0", 1);
  setenv("SLURM_NTASKS", "8", 1);
  expect(5, 0, 8, "SLURM_PROCID");
  setenv("PMI_RANK", "2", 1);
  setenv("MPI_LOCALRANKID", "1", 1);
  setenv("PMI_SIZE", "4", 1);
  expect(2, 1, 4, "PMI_RANK");
}

TEST_F(DetectRank, MostSpecificLauncherWins) {
  setenv("SLURM_PROCID", "0", 1);
  setenv("RANK", "7", 1);
  expect(7, -1, -1, "RANK");
}

TEST_F(DetectRank, LocalRankAlone) {
  setenv("LOCAL_RANK", "6", 1);
  expect(-1, 6, -1, "LOCAL_RANK");
}

TEST_F(DetectRank, IgnoresWhatIsNoNumber) {
  for (const char* nonsense : {"", "x", "1x", "-1", "1.5", "99999999999999", " 1"}) {
    setenv("RANK", nonsense, 1);
    expect(-1, -1, -1, "");
  }
  setenv("SLURM_PROCID", "4", 1);
  expect(4, -1, -1, "SLURM_PROCID");
}

}  // namespace
}  // namespace fib::recorder
