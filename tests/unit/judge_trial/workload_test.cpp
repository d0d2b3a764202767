// SPDX-License-Identifier: Apache-2.0
// Trials on Workloads: no engine, no capture; what is right is known, or a baseline says it.
#include <cstring>

#include "judge/trial/reasons.h"
#include "judge/workload/workload_case.h"
#include "registry/store/registry.h"
#include "trial_fixture.h"

namespace fib::judge::testing {
namespace {

using registry::Status;

constexpr int kWeights = 16;

template <class T>
std::vector<std::byte> raw(const std::vector<T>& values) {
  std::vector<std::byte> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

class WorkloadTrials : public TrialTest {
 protected:
  /// A Workload with four sets of inputs; `outputs`: and what they lead to.
  void make_workload(bool outputs, const std::string& baseline = "") {
    make_case();  // for its Definition; its binding and capture are not asked for
    const auto opened = registry::Registry::open(request.registry);
    const registry::Definition& definition = opened.definition("mix")->record;
    WorkloadCase made;
    made.workload.axes = {{"n", kN}, {"m", kWeights}};
    for (const auto& [name, spec] : definition.inputs)
      made.workload.layouts[name] = contiguous_layout(name, spec, made.workload.axes);
    for (const auto& [name, spec] : definition.outputs)
      made.workload.layouts[name] = contiguous_layout(name, spec, made.workload.axes);
    for (int variant = 0; variant < 4; ++variant) add(made, variant, outputs);
    request.subject.directory = directory.path() / "workload";
    std::filesystem::create_directories(request.subject.directory);
    write_workload_case(request.subject.directory, definition, made);
    request.workload = "w1";
    request.baseline = baseline;
    request.fresh_runs = 2;
  }

  static void add(WorkloadCase& to, int variant, bool outputs) {
    std::vector<float> x, w, y;
    std::vector<int> at;
    for (int i = 0; i < kWeights; ++i) w.push_back(static_cast<float>(i) / 8 + 0.25F);
    for (int i = 0; i < kN; ++i) {
      x.push_back(static_cast<float>((i + 7 * variant) % 50) - 20);
      at.push_back(i * 7 % kWeights);
      y.push_back(x.back() * w[static_cast<std::size_t>(at.back())] + 1);
    }
    WorkloadVariant& made = to.variants.emplace_back();
    if (variant == 0)
      to.workload.inputs = {{"x", raw(x)}, {"w", raw(w)}, {"at", raw(at)}};
    else
      made.inputs["x"] = raw(x);
    made.note = variant == 0 ? "" : "other values in x";
    if (outputs) made.outputs["y"] = raw(y);
  }
};

TEST_F(WorkloadTrials, ARightOnePasses) {
  make_workload(true);
  add_solution("good");
  const TrialResult result = expect_passed("good");
  EXPECT_EQ(result.incumbent_note, "the reference is the Definition's run, in Python");
  EXPECT_EQ(result.bytes_touched, (3 * kN + kWeights) * 4u);
}

TEST_F(WorkloadTrials, AWrongOneIsToldByItsFirstElement) {
  make_workload(true);
  add_solution("wrong");
  const TrialResult result =
      expect_failed("wrong", Status::IncorrectNumerical, reasons::kWrongValues);
  ASSERT_TRUE(result.first_wrong);
  EXPECT_EQ(result.first_wrong->output, "y");
  EXPECT_EQ(result.first_wrong->index, std::vector<std::int64_t>{7});
}

TEST_F(WorkloadTrials, ElementsOfAnotherTypeAreToldApart) {
  make_workload(true);
  add_solution("bfloats");
  const TrialResult result = expect_failed("bfloats", Status::IncorrectDType, reasons::kWrongDType);
  EXPECT_EQ(result.detail, "output y: right as bfloat16 instead of float32");
}

TEST_F(WorkloadTrials, WritesOutOfBoundsAreSeen) {
  make_workload(true);
  add_solution("too_much");
  add_solution("far_too_much");
  add_solution("spoils_inputs");
  add_solution("too_little");
  expect_failed("too_much", Status::IncorrectNumerical, reasons::kWritesTooMuch);
  expect_failed("far_too_much", Status::IncorrectNumerical, reasons::kWritesTooMuch);
  expect_failed("spoils_inputs", Status::IncorrectNumerical, reasons::kModifiesInputs);
  expect_failed("too_little", Status::IncorrectNumerical, reasons::kWritesTooLittle);
}

TEST_F(WorkloadTrials, WorkspacesAreAsElsewhere) {
  make_workload(true);
  add_solution("two", in_two_steps("first", kN * 4));
  add_solution("dirty", in_two_steps("first_dirty", kN * 4));
  add_solution("before", in_two_steps("first_before", kN * 4));
  expect_passed("two");
  expect_failed("dirty", Status::IncorrectNumerical, reasons::kUninitialised);
  expect_failed("before", Status::IncorrectNumerical, reasons::kWritesTooMuch);
}

TEST_F(WorkloadTrials, OtherInputsAreTried) {
  make_workload(true);
  add_solution("remembers");
  const TrialResult result =
      expect_failed("remembers", Status::IncorrectNumerical, reasons::kRecordedOnly);
  EXPECT_EQ(result.checks.back().name, "fresh inputs 1");
}

TEST_F(WorkloadTrials, CrashesAndHangsAreIsolated) {
  make_workload(true);
  add_solution("crashes");
  add_solution("hangs");
  expect_failed("crashes", Status::RuntimeError, reasons::kCrash);
  supervision.timeout_seconds = 2;
  expect_failed("hangs", Status::Timeout, reasons::kHang);
}

TEST_F(WorkloadTrials, ABaselineSaysWhatIsRight) {
  make_workload(false, "good");
  add_solution("good");
  add_solution("near");
  add_solution("wrong");
  const TrialResult result = expect_passed("near");
  EXPECT_EQ(result.incumbent_note, "the reference is the baseline good");
  expect_failed("wrong", Status::IncorrectNumerical, reasons::kWrongValues);
}

TEST_F(WorkloadTrials, WithoutAnybodyWhoKnowsThereIsNoTrial) {
  make_workload(false);
  add_solution("good");
  EXPECT_NE(run("good").problem.find("nothing says what is right"), std::string::npos);
}

TEST_F(WorkloadTrials, WhoNeedsTheEngineIsNotApplicable) {
  make_workload(true);
  for (const char* const kernel : {R"J("grid": ["grid.x"], "block": [32], "arguments": [])J",
                                   R"J("grid": [1], "block": [32],
            "arguments": [{"copy": {"parameter": 0, "offset": 0, "size": 8}}])J"}) {
    add_solution("good",
                 R"J({"kernels": [{"entry": "good", "module": "trial_kernels.simcubin", )J" +
                     std::string(kernel) + R"J(}],
      "tensors": {"x": {"tail": 1}, "y": {"tail": 1}, "at": {"tail": 1}}})J");
    const TrialOutcome outcome = run("good");
    EXPECT_EQ(outcome.problem, "");
    EXPECT_FALSE(outcome.result.applicable) << text(outcome);
    EXPECT_NE(outcome.result.detail.find("ArgumentFailed"), std::string::npos) << text(outcome);
  }
}

TEST_F(WorkloadTrials, TheBaselineIsWhatIsMeasuredAgainst) {
  make_workload(true, "good");
  request.timing.enabled = true;
  request.timing.max_seconds = 0.5;
  add_solution("good");
  add_solution("slow");
  const TrialResult result = expect_passed("slow");
  EXPECT_EQ(result.baseline, "good");
  ASSERT_NE(result.decisive(), nullptr) << text({"", result});
  EXPECT_EQ(result.decisive()->verdict, "slower");
  EXPECT_LT(result.decisive()->ratio, 0.9);
}

TEST_F(WorkloadTrials, WithoutABaselineThereAreTimesAlone) {
  make_workload(true);
  request.timing.enabled = true;
  request.timing.max_seconds = 0.5;
  add_solution("slow");
  const TrialResult result = expect_passed("slow");
  EXPECT_EQ(result.baseline, "");
  ASSERT_NE(result.decisive(), nullptr) << text({"", result});
  EXPECT_EQ(result.decisive()->verdict, "not compared");
  EXPECT_EQ(result.decisive()->ratio, 0);
  EXPECT_GT(result.decisive()->candidate_ns, 3e6);
}

TEST_F(WorkloadTrials, AWrongBaselineIsNobody) {
  make_workload(true, "wrong");
  request.timing.enabled = true;
  request.timing.max_seconds = 0.3;
  add_solution("good");
  add_solution("wrong");
  const TrialResult result = expect_passed("good");
  EXPECT_EQ(result.baseline, "");
  EXPECT_EQ(result.decisive()->verdict, "not compared");
}

TEST_F(WorkloadTrials, WhatIsTimedIsLookedAtToo) {
  make_workload(true);
  request.timing.enabled = true;
  request.timing.max_seconds = 0.3;
  add_solution("late");
  const TrialResult result =
      expect_failed("late", Status::IncorrectNumerical, reasons::kBeforeTimingOnly);
  EXPECT_TRUE(result.timing.empty());
}

}  // namespace
}  // namespace fib::judge::testing
