// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/reasons.h"
#include "trial_fixture.h"

namespace fib::judge::testing {
namespace {

using registry::Status;

class Correct : public TrialTest {
 protected:
  void make(const std::string& solution, const EngineLaunch& engine = {},
            const std::string& launch = "") {
    make_case(engine);
    add_solution(solution, launch);
  }
  void fails(const std::string& solution, const std::string& reason,
             const EngineLaunch& engine = {}) {
    make(solution, engine);
    expect_failed(solution, Status::IncorrectNumerical, reason);
  }
};

TEST_F(Correct, AGoodOnePasses) {
  make("good");
  const TrialResult result = expect_passed("good");
  EXPECT_TRUE(result.incumbent_deterministic);
  EXPECT_EQ(result.incumbent_note, "");
  EXPECT_EQ(result.max_absolute_error, 0);
  EXPECT_EQ(result.bytes_touched, 3u * kN * 4 + 64);
  EXPECT_EQ(result.peak_bytes_per_second, 4'916'736'000'000u);  // 3201 MHz, double rate, 6144 bits
  EXPECT_FALSE(result.gpu.empty());
  EXPECT_EQ(result.checks.size(), 9u);
}

TEST_F(Correct, OneWithinToleranceTellsItsError) {
  make("near");
  const TrialResult result = expect_passed("near");
  EXPECT_GT(result.max_relative_error, 5e-5);
  EXPECT_LT(result.max_relative_error, 2e-4);
}

TEST_F(Correct, WrongValuesNameTheFirst) {
  make("wrong");
  const TrialResult result =
      expect_failed("wrong", Status::IncorrectNumerical, reasons::kWrongValues);
  ASSERT_TRUE(result.first_wrong);
  EXPECT_EQ(result.first_wrong->output, "y");
  EXPECT_EQ(result.first_wrong->index, std::vector<std::int64_t>{7});
  EXPECT_DOUBLE_EQ(result.first_wrong->got, result.first_wrong->expected + 1);
}

TEST_F(Correct, NotANumber) { fails("not_a_number", reasons::kNaN); }
TEST_F(Correct, TooLittle) { fails("too_little", reasons::kWritesTooLittle); }
TEST_F(Correct, TooMuch) { fails("too_much", reasons::kWritesTooMuch, {"engine_mix", false, 8}); }
TEST_F(Correct, TooMuchBehindTheRegion) { fails("too_much", reasons::kWritesTooMuch); }
TEST_F(Correct, FarTooMuch) { fails("far_too_much", reasons::kWritesTooMuch); }
TEST_F(Correct, WhatTheIncumbentLeavesAlone) {
  fails("good", reasons::kWritesTooMuch, {"engine_even"});
}
TEST_F(Correct, LeavesAloneWhatTheIncumbentDoes) {
  make("good_even", {"engine_even"});
  expect_passed("good_even");
}
TEST_F(Correct, SpoiltInputs) { fails("spoils_inputs", reasons::kModifiesInputs); }
TEST_F(Correct, SideEffects) { fails("good", reasons::kSideEffectMissing, {"engine_counted"}); }
TEST_F(Correct, SameSideEffects) {
  make("good_counted", {"engine_counted"});
  expect_passed("good_counted");
}
TEST_F(Correct, UninitialisedOutput) { fails("accumulates", reasons::kUninitialised); }
TEST_F(Correct, RecordedInputsOnly) { fails("remembers", reasons::kRecordedOnly); }
TEST_F(Correct, LooksAtSomeInputsOnly) { fails("skims", reasons::kRecordedOnly); }

TEST_F(Correct, WorksInPlace) {
  make("good_add", {"engine_add", true}, "in place");
  const TrialResult result = expect_passed("good_add");
  EXPECT_EQ(result.incumbent_note, "output y is not poisoned: it is an input, too");
}

TEST_F(Correct, FindsOutThatTheIncumbentAccumulates) {
  make("good_add", {"engine_add"});
  const TrialResult result = expect_passed("good_add");
  EXPECT_EQ(result.incumbent_note, "output y is not poisoned: the incumbent reads what it holds");
}

TEST_F(Correct, AllowsWhatTheIncumbentTrembles) {
  make("good", {"engine_random"});
  const TrialResult result = expect_passed("good");
  EXPECT_FALSE(result.incumbent_deterministic);
  EXPECT_NE(result.incumbent_note.find("its two runs differ in"), std::string::npos);
}

TEST_F(Correct, NotesThatACandidateTrembles) {
  make("trembles");
  const TrialResult result = expect_passed("trembles");
  bool noted = false;
  for (const CheckResult& check : result.checks)
    noted = noted || check.detail.starts_with(reasons::kNondeterministic);
  EXPECT_TRUE(noted);
}

TEST_F(Correct, TwoStepsWithAWorkspace) {
  make("good", {}, in_two_steps("first", kN * 4));
  expect_passed("good");
}
TEST_F(Correct, AWorkspaceHoldsAnything) {
  make("dirty", {}, in_two_steps("first_dirty", kN * 4));
  expect_failed("dirty", Status::IncorrectNumerical, reasons::kUninitialised);
}
TEST_F(Correct, AWorkspaceHasABegin) {
  make("before", {}, in_two_steps("first_before", kN * 4));
  const TrialResult result =
      expect_failed("before", Status::IncorrectNumerical, reasons::kWritesTooMuch);
  EXPECT_EQ(result.detail, "its workspace, 5 bytes before its begin");
}
TEST_F(Correct, AWorkspaceEnds) {
  make("short", {}, in_two_steps("first", kN * 4 - 1024));
  const TrialResult result = expect_failed("short", Status::RuntimeError, reasons::kCrash);
  // A sanitizer ends it in its own way.
  EXPECT_TRUE(result.detail.starts_with("crashed, ended by ")) << result.detail;
}

}  // namespace
}  // namespace fib::judge::testing
