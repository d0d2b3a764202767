// SPDX-License-Identifier: Apache-2.0
#include "judge/workload/python_process.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>

#include "tests/unit/trace/temp_directory.h"

namespace fib::judge {
namespace {

constexpr unsigned long kRoom = 1 << 20;

PythonEnd shell(const std::string& script, double timeout = 20) {
  return run_python({"/bin/sh", "-c", script}, timeout, kRoom);
}

double seconds_of(const std::string& script, double timeout) {
  const auto begin = std::chrono::steady_clock::now();
  (void)shell(script, timeout);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

TEST(PythonProcess, HandsBackWhatWasWrittenAndTheExitCode) {
  const PythonEnd end = shell("echo out; echo err >&2; exit 5");
  EXPECT_TRUE(end.started);
  EXPECT_FALSE(end.timed_out);
  EXPECT_EQ(end.exit_code, 5);
  EXPECT_EQ(end.output, "out\nerr\n");
}

TEST(PythonProcess, KeepsTheEndOfMuchOutput) {
  const PythonEnd end = shell("yes fib | head -c 3000000; echo last");
  EXPECT_EQ(end.exit_code, 0);
  EXPECT_LE(end.output.size(), 65536u);
  EXPECT_EQ(end.output.substr(end.output.size() - 5), "last\n");
}

TEST(PythonProcess, SaysThatItDidNotStart) {
  const PythonEnd end = run_python({"/no/such/python"}, 20, kRoom);
  EXPECT_FALSE(end.started);
  EXPECT_EQ(end.output, "No such file or directory");
}

TEST(PythonProcess, EndsWhatTakesTooLong) {
  const PythonEnd end = shell("echo begun; sleep 60", 0.3);
  EXPECT_TRUE(end.timed_out);
  EXPECT_EQ(end.output, "begun\n");
  EXPECT_EQ(end.exit_code, 137);
  EXPECT_LT(seconds_of("sleep 60", 0.3), 20);
  // Neither closing the output nor leaving somebody else to hold it buys time.
  EXPECT_LT(seconds_of("exec >&- 2>&-; sleep 60", 0.3), 20);
  EXPECT_LT(seconds_of("sleep 60 & exit 0", 30), 20);
}

/// Gone, or dead and only waiting for whoever is to hear of it.
bool is_dead(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string line;
  return !std::getline(file, line) || line.find(") Z") != std::string::npos;
}

TEST(PythonProcess, LeavesNothingBehind) {
  std::string pid = shell("sleep 300 & echo $!").output;
  ASSERT_FALSE(pid.empty());
  pid.pop_back();
  for (int i = 0; i < 500 && !is_dead(pid); ++i) usleep(10'000);
  EXPECT_TRUE(is_dead(pid));
}

TEST(PythonProcess, ShowsSignals) { EXPECT_EQ(shell("kill -SEGV $$").exit_code, 128 + 11); }

TEST(PythonProcess, HidesGpusAndPreloadedLibraries) {
  ASSERT_EQ(setenv("CUDA_VISIBLE_DEVICES", "3", 1), 0);
  ASSERT_EQ(setenv("LD_PRELOAD", "/no/such/library.so", 1), 0);
  const PythonEnd end = shell("echo \"[$CUDA_VISIBLE_DEVICES][$LD_PRELOAD]\"");
  unsetenv("CUDA_VISIBLE_DEVICES");
  unsetenv("LD_PRELOAD");
  EXPECT_EQ(end.output, "[][]\n");
}

TEST(PythonProcess, LimitsFiles) {
  const trace::testing::TempDirectory directory;
  const std::string file = directory.path() / "f";
  const PythonEnd end = shell("head -c 3000000 /dev/zero > " + file);
  EXPECT_NE(end.exit_code, 0);
  EXPECT_EQ(std::filesystem::file_size(file), kRoom);
}

TEST(PythonProcess, IsPythonOrWhatIsChosen) {
  unsetenv("FIB_PYTHON");
  EXPECT_EQ(python_command(), "python3");
  ASSERT_EQ(setenv("FIB_PYTHON", "/venv/bin/python", 1), 0);
  EXPECT_EQ(python_command(), "/venv/bin/python");
  unsetenv("FIB_PYTHON");
}

}  // namespace
}  // namespace fib::judge
