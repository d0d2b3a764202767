// SPDX-License-Identifier: Apache-2.0
// What a trial of a large case brings back from the GPU: what it does not know by its hash.
#include <cstdlib>
#include <fstream>

#include "judge/trial/reasons.h"
#include "trial_fixture.h"

namespace fib::judge::testing {
namespace {

using registry::Status;

class Large : public TrialTest {
 protected:
  static constexpr std::uint64_t kRow = 8192;  ///< floats: none of the output's pages are alike
  static constexpr std::uint64_t kOutput = kN * kRow * sizeof(float);
  /// Ends of regions and of gaps, inputs.
  static constexpr std::uint64_t kLittle = kOutput / 4;

  /// Bytes that went to the host.
  std::uint64_t judge(const std::string& solution, std::uint32_t fresh_runs) {
    make_case({engine, false, 0, static_cast<int>(kRow)});
    add_solution(solution);
    request.fresh_runs = fresh_runs;
    request.timing.enabled = is_timed;
    ::setenv("FIBSIM_COUNT_FILE", (directory.path() / "count").c_str(), 1);
    ::setenv("FIBSIM_COUNT_COPIES", "1", 1);
    outcome = run(solution);
    ::unsetenv("FIBSIM_COUNT_FILE");
    ::unsetenv("FIBSIM_COUNT_COPIES");
    EXPECT_EQ(outcome.problem, "");
    return counted("bytes to the host");
  }

  [[nodiscard]] std::uint64_t counted(const std::string& name) const {
    std::uint64_t sum = 0, count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
      if (!entry.path().filename().string().starts_with("count.")) continue;
      std::ifstream file(entry.path());
      for (std::string text; file >> count && std::getline(file, text);)
        if (text.find(name) != std::string::npos) sum += count;
    }
    return sum;
  }

  TrialOutcome outcome;
  std::string engine = "engine_repeat";
  bool is_timed = false;
};

TEST_F(Large, OfACorrectOneOnlyTheIncumbentsOutputIsRead) {
  const std::uint64_t bytes = judge("good_repeat", 0);
  EXPECT_EQ(outcome.result.status, Status::Passed) << text(outcome);
  EXPECT_GE(bytes, kOutput) << "once, to have something to hold others against";
  EXPECT_LT(bytes, kOutput + kLittle);
}

TEST_F(Large, FreshInputsReadTheIncumbentsOutputAgain) {
  const std::uint64_t bytes = judge("good_repeat", 2);  // one redrawn, three with a few others
  EXPECT_EQ(outcome.result.status, Status::Passed) << text(outcome);
  EXPECT_LT(bytes, 5 * kOutput + 2 * kLittle);
}

TEST_F(Large, OfOneThatIsOffALittleAllIsReadAndCompared) {
  const std::uint64_t bytes = judge("near_repeat", 0);
  EXPECT_EQ(outcome.result.status, Status::Passed) << text(outcome);
  EXPECT_GT(outcome.result.max_relative_error, 5e-5);
  EXPECT_GT(bytes, 2 * kOutput - kLittle);
  EXPECT_LT(bytes, 2 * kOutput + kLittle) << "but what it left again is known";
}

TEST_F(Large, OneElementThatIsLeftAloneShows) {
  const std::uint64_t bytes = judge("holed_repeat", 0);
  EXPECT_EQ(outcome.result.status, Status::IncorrectNumerical) << text(outcome);
  EXPECT_EQ(outcome.result.reason, reasons::kWritesTooLittle);
  EXPECT_TRUE(outcome.result.detail.starts_with("4 bytes of output y are as before"))
      << outcome.result.detail;
  EXPECT_LT(bytes, kOutput + kLittle);
}

TEST_F(Large, WhatTheIncumbentLeavesAloneIsKnownByByte) {
  engine = "engine_some";
  (void)judge("good_some", 1);
  EXPECT_EQ(outcome.result.status, Status::Passed) << text(outcome);
  EXPECT_EQ(outcome.result.incumbent_note.find("not poisoned"), std::string::npos);
}

TEST_F(Large, RowsThatTheIncumbentLeavesAloneAreNotWritten) {
  engine = "engine_some";
  (void)judge("good_repeat", 0);
  EXPECT_EQ(outcome.result.reason, reasons::kWritesTooMuch) << text(outcome);
  EXPECT_NE(outcome.result.detail.find(" bytes of output y that the incumbent leaves alone"),
            std::string::npos)
      << outcome.result.detail;
}

TEST_F(Large, TimedOutputsAreHashedWhereTheyAre) {
  is_timed = true;
  request.timing.min_pairs = 5;
  request.timing.max_pairs = 10;
  request.timing.max_seconds = 0.1;
  request.timing.warm = request.timing.graph = false;
  const std::uint64_t bytes = judge("good_repeat", 0);
  EXPECT_EQ(outcome.result.status, Status::Passed) << text(outcome);
  EXPECT_LT(bytes, 2 * kOutput + kLittle) << "with the fresh inputs after timing";
}

}  // namespace
}  // namespace fib::judge::testing
