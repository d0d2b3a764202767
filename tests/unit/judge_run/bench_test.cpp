// SPDX-License-Identifier: Apache-2.0
//
// What becomes of results, with trials that the test invents.
#include "judge/run/bench.h"

#include <gtest/gtest.h>

#include <mutex>
#include <set>

#include "judge/cases/identity.h"
#include "registry/store/error.h"
#include "tests/unit/judge_cases/scale_capture.h"

namespace fib::judge::testing {
namespace {

using registry::Status;

TrialResult passed(double ratio = 2) {
  TrialResult result;
  result.status = Status::Passed;
  ModeTiming cold;
  cold.mode = "cold";
  cold.incumbent_ns = 2000;
  cold.candidate_ns = 2000 / ratio;
  cold.ratio = ratio;
  cold.low = ratio * 0.99;
  cold.high = ratio * 1.01;
  cold.confidence = 0.95;
  cold.verdict = "faster";
  result.timing = {cold};
  result.time_source = "CUPTI";
  result.checks = {{"recorded inputs", true, ""}};
  return result;
}

TrialResult failed(Status status, const std::string& reason) {
  TrialResult result;
  result.status = status;
  result.reason = reason;
  result.detail = "at element 7";
  result.matched_ratio = 0.5;
  return result;
}

class Bench : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"good", "wrong", "hangs", "apart"})
      scale.write(std::string("solutions/ada/toy/scale/") + name + ".json", solution(name));
    set = scale.cases();
    options.lock_place = scale.directory.path();
    options.trial = [this](const TrialRequest& request, const replayer::Supervision&) {
      const std::lock_guard lock(mutex);
      devices.insert(request.device);
      TrialOutcome outcome;
      if (request.solution == "good") outcome.result = passed();
      if (request.solution == "wrong")
        outcome.result = failed(Status::IncorrectNumerical, "wrong values");
      if (request.solution == "hangs") outcome.result = failed(Status::Timeout, "hangs");
      if (request.solution == "apart") outcome.problem = "another GPU";
      if (!request.timing.enabled) outcome.result.timing.clear();
      return outcome;
    };
  }

  std::vector<JobOutcome> run(const registry::Registry& opened) {
    const auto table = scale.table();
    const auto candidates = candidates_of(opened, {}, false);
    return run_jobs(plan_jobs(candidates, set.cases), {{0, "Sim", "GPU-a"}, {1, "Sim", "GPU-b"}},
                    opened, *table, options);
  }

  ScaleCapture scale;
  CaseSet set;
  BenchOptions options;
  std::mutex mutex;
  std::set<int> devices;
};

TEST_F(Bench, WritesEachResultAsUpstreamHasIt) {
  const auto outcomes = run(scale.open());
  ASSERT_EQ(outcomes.size(), 12u);
  const registry::Registry written = scale.open();
  EXPECT_TRUE(written.findings().list().empty());
  EXPECT_EQ(written.traces().size(), 9u) << "what could not be tried leaves none";
  EXPECT_EQ(written.workloads().size(), 3u);
  for (const auto& stored : written.traces()) {
    const registry::Evaluation& evaluation = *stored.record.evaluation;
    const registry::Json& ours = *evaluation.members.unknown("fibshim");
    EXPECT_EQ(evaluation.environment.hardware, "Sim");
    EXPECT_EQ(evaluation.performance.has_value(), *stored.record.solution == "good");
    EXPECT_EQ(evaluation.correctness.has_value(), *stored.record.solution != "hangs");
    if (*stored.record.solution == "hangs") {
      EXPECT_EQ(ours["reason"], "hangs");
      EXPECT_EQ(evaluation.log, "hangs: at element 7");
    }
    EXPECT_EQ(stored.file, "traces/ada/toy/scale.jsonl");
  }
}

TEST_F(Bench, BeginsWithWhatCostsMost) {
  ASSERT_EQ(set.cases.size(), 3u);
  set.cases[0].replayed_ns = 9000;  // runs twice
  set.cases[1].replayed_ns = 5000;  // three times
  set.cases[2].replayed_ns = -1;    // once, and nobody measured it
  set.cases[2].tensor_bytes = 1'000'000'000;
  const registry::Registry opened = scale.open();
  std::vector<const Case*> order;
  for (const Job& job : plan_jobs(candidates_of(opened, {}, false), set.cases))
    if (order.empty() || order.back() != job.subject) order.push_back(job.subject);
  EXPECT_EQ(order, (std::vector<const Case*>{&set.cases[2], &set.cases[0], &set.cases[1]}));
}

TEST_F(Bench, IsWhatRedirectingReads) {
  (void)run(scale.open());
  const registry::Registry written = scale.open();
  for (const auto& stored : written.traces()) {
    if (*stored.record.solution != "good") continue;
    const auto measurement = registry::to_measurement(stored.record, registry::Baseline::Incumbent);
    ASSERT_TRUE(measurement && measurement->speedup);
    EXPECT_DOUBLE_EQ(measurement->speedup->ratio, 2);
    EXPECT_DOUBLE_EQ(*measurement->speedup->low, 1.98);
    EXPECT_DOUBLE_EQ(measurement->speedup->confidence, 0.95);
    EXPECT_EQ(measurement->weight, measurement->axes.at("n") == 1000  ? 3
                                   : measurement->axes.at("n") == 100 ? 2
                                                                      : 1);
  }
}

TEST_F(Bench, KnowsWhatIsDone) {
  const registry::Registry before = scale.open();
  (void)run(before);
  const registry::Registry after = scale.open();
  const DoneJobs done(after);
  const auto candidates = candidates_of(after, {}, false);
  std::size_t left = 0;
  for (const Job& job : plan_jobs(candidates, set.cases)) {
    left += !done.has(job, "Sim");
    EXPECT_FALSE(done.has(job, "another model"));
    EXPECT_EQ(done.has(job, "Sim"), job.solution->record.name != "apart");
  }
  EXPECT_EQ(left, 3u);
  scale.write("solutions/ada/toy/scale/good.json",
              solution("good").replace(solution("good").find("[32]"), 4, "[64]"));
  const registry::Registry changed = scale.open();
  for (const Job& job : plan_jobs(candidates_of(changed, {}, false), set.cases))
    EXPECT_EQ(done.has(job, "Sim"),
              job.solution->record.name != "apart" && job.solution->record.name != "good");
}

TEST_F(Bench, LeavesNoEvaluationOfWhatWasNotTimed) {
  options.timing.enabled = false;
  const registry::Registry opened = scale.open();
  for (const JobOutcome& outcome : run(opened))
    EXPECT_EQ(outcome.written, outcome.job.solution->record.name == "wrong" ||
                                   outcome.job.solution->record.name == "hangs");
}

TEST_F(Bench, AddsAWorkloadOnce) {
  (void)run(scale.open());
  (void)run(scale.open());
  const registry::Registry written = scale.open();
  EXPECT_EQ(written.workloads().size(), 3u);
  EXPECT_EQ(written.traces().size(), 18u);
  std::set<std::string> uuids, wanted;
  for (const auto& stored : written.workloads()) uuids.insert(stored.record.workload.uuid);
  for (const Case& subject : set.cases) wanted.insert(workload_uuid(subject));
  EXPECT_EQ(uuids, wanted);
}

TEST_F(Bench, StopsWhereResultsCanNotBeWritten) {
  scale.write("traces/ada", "a file where a directory belongs");
  std::size_t trials = 0;
  options.done = [&](const JobOutcome&) { ++trials; };
  EXPECT_THROW((void)run(scale.open()), registry::RegistryError);
  EXPECT_LT(trials, 12u);
}

TEST_F(Bench, LeavesCopiesOfIncumbentsOut) {
  scale.write("solutions/fibshim/toy/scale/copy.json", solution("copy", "fibshim"));
  const registry::Registry opened = scale.open();
  EXPECT_EQ(candidates_of(opened, {}, false).size(), 4u);
  EXPECT_EQ(candidates_of(opened, {}, true).size(), 5u);
  const auto named = [](const std::string& name) { return name == "wrong"; };
  EXPECT_EQ(candidates_of(opened, named, true).size(), 1u);
}

}  // namespace
}  // namespace fib::judge::testing
