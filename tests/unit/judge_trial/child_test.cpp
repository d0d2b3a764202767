// SPDX-License-Identifier: Apache-2.0
// How trials end that do not end by themselves, and those that never begin.
#include <cstdio>
#include <cstdlib>

#include "judge/trial/reasons.h"
#include "trial_fixture.h"

namespace fib::judge::testing {
namespace {

using registry::Status;
using Trials = TrialTest;

TEST_F(Trials, ACrashIsTheCandidates) {
  make_case();
  add_solution("crashes");
  const TrialResult result = expect_failed("crashes", Status::RuntimeError, reasons::kCrash);
  // A sanitizer ends it in its own way.
  EXPECT_TRUE(result.detail.starts_with("crashed, ended by ")) << result.detail;
  EXPECT_FALSE(result.gpu.empty());
}

TEST_F(Trials, AHangIsTheCandidates) {
  make_case();
  add_solution("hangs");
  supervision.timeout_seconds = 2;
  const TrialResult result = expect_failed("hangs", Status::Timeout, reasons::kHang);
  EXPECT_FALSE(result.gpu.empty());
}

TEST_F(Trials, WhatIsNotBuiltIsSaid) {
  make_case();
  add_solution("good");
  std::filesystem::remove_all(request.registry / ".fib");
  const TrialResult result = expect_failed("good", Status::CompileError, reasons::kNoBuild);
  EXPECT_NE(result.detail.find("fib registry build"), std::string::npos) << result.detail;
}

TEST_F(Trials, AChangedBinaryIsNotTrusted) {
  make_case();
  add_solution("good");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(request.registry / ".fib"))
    if (entry.path().extension() == ".simcubin") std::filesystem::resize_file(entry.path(), 100);
  const TrialResult result = expect_failed("good", Status::CompileError, reasons::kNoBuild);
  EXPECT_NE(result.detail.find("build it again"), std::string::npos) << result.detail;
}

TEST_F(Trials, AMissingEntryIsNotLoaded) {
  make_case();
  add_solution("nowhere");
  const TrialResult result = expect_failed("nowhere", Status::CompileError, reasons::kNotLoaded);
  EXPECT_NE(result.detail.find("nowhere"), std::string::npos) << result.detail;
}

TEST_F(Trials, ConditionsThatDoNotHold) {
  make_case();
  add_solution("good", R"J({"conditions": ["n == 1"], "kernels": [{"entry": "good",
    "module": "trial_kernels.simcubin", "grid": [1], "block": [32], "arguments": []}]})J");
  const TrialOutcome outcome = run("good");
  EXPECT_EQ(outcome.problem, "");
  EXPECT_FALSE(outcome.result.applicable) << text(outcome);
  EXPECT_NE(outcome.result.detail.find("condition of the candidate"), std::string::npos)
      << outcome.result.detail;
}

TEST_F(Trials, TriesAnotherLayout) {
  make_case();
  add_solution("good");
  char address[32];
  std::snprintf(address, sizeof address, "0x%llx",
                static_cast<unsigned long long>(capture.address(0)));
  ::setenv("FIBSIM_TAKEN", address, 1);
  ::setenv("FIBSIM_TAKEN_ONCE", (directory.path() / "taken").c_str(), 1);
  expect_passed("good");
  ::unsetenv("FIBSIM_TAKEN_ONCE");
  supervision.layouts = 2;
  const TrialOutcome never = run("good");
  ::unsetenv("FIBSIM_TAKEN");
  EXPECT_NE(never.problem.find(address), std::string::npos) << never.problem;
}

TEST_F(Trials, SaysWhatIsMissing) {
  make_case();
  add_solution("good");
  EXPECT_NE(run("other").problem.find("has no Solution other"), std::string::npos);
  capture.set_device_name("another");
  std::filesystem::remove_all(capture.path() / "pages");
  EXPECT_NE(run("good").problem.find("page 0 of device memory"), std::string::npos);
}

TEST_F(Trials, TheCacheMayComeFromTheEnvironment) {
  make_case();
  add_solution("good");
  std::filesystem::rename(request.registry / ".fib" / "build", directory.path() / "cache");
  ::setenv("FIB_CACHE_PATH", (directory.path() / "cache").c_str(), 1);
  expect_passed("good");
  ::unsetenv("FIB_CACHE_PATH");
}

}  // namespace
}  // namespace fib::judge::testing
