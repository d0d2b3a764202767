// SPDX-License-Identifier: Apache-2.0
// From Workloads of a registry to jobs, and what becomes of their results.
#include "judge/run/workload_cases.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "judge/run/bench.h"
#include "judge/run/engine_terms.h"
#include "judge/run/workload_maker.h"
#include "registry/bindings/table_source.h"
#include "tests/unit/judge_workload/toy.h"
#include "tests/unit/trace/temp_directory.h"

namespace fib::judge::testing {
namespace {

constexpr const char* kToy = R"J({"name": "toy", "op_type": "test",
  "axes": {"n": {"type": "var"}},
  "inputs": {"x": {"shape": ["n"], "dtype": "float32"}, "at": {"shape": ["n"], "dtype": "int32"}},
  "outputs": {"y": {"shape": ["n"], "dtype": "float32"}},
  "reference": "def run(x, at):\n    return x\n"})J";

std::string solution(const std::string& name, const std::string& author,
                     const std::string& grid = "1") {
  return R"J({"name": ")J" + name + R"J(", "definition": "toy", "author": ")J" + author +
         R"J(", "spec": {"language": "cuda", "target_hardware": ["Simulated"],
    "entry_point": "k.ptx::run", "launch": {"kernels": [{"entry": "k", "grid": [")J" +
         grid + R"J("], "block": [32], "arguments": [{"type": "ptr", "value": "x"}]}]}},
  "sources": [{"path": "k.ptx", "content": "//"}]})J";
}

std::string workload(const std::string& uuid, int n, const std::string& ours = "") {
  return R"J({"definition": "toy", "solution": null, "evaluation": null, "workload": {"uuid": ")J" +
         uuid + R"J(", "axes": {"n": )J" + std::to_string(n) +
         R"J(}, "inputs": {"x": {"type": "random"}, "at": {"type": "random"}})J" + ours + "}}\n";
}

class WorkloadCases : public ::testing::Test {
 protected:
  void SetUp() override {
    // No Python: the baseline says what is right.
    ASSERT_EQ(setenv("FIB_PYTHON", "/no/such/python", 1), 0);
    write("definitions/test/toy.json", kToy);
    write("solutions/me/test/toy/mine.json", solution("mine", "me"));
    write("solutions/me/test/toy/asks.json", solution("asks", "me", "grid.x"));
    write("solutions/baseline/test/toy/base.json", solution("base", "baseline"));
    write("workloads/test/toy.jsonl", workload("one", 10) + workload("none", 0));
  }
  void TearDown() override { unsetenv("FIB_PYTHON"); }

  void write(const std::string& file, const std::string& text) {
    (void)directory.write(file, text);
  }
  [[nodiscard]] registry::Registry open() const {
    return registry::Registry::open(directory.path());
  }
  [[nodiscard]] WorkloadCaseOptions options() const {
    WorkloadCaseOptions made;
    made.root = directory.path() / "cases";
    made.variants.root = directory.path();
    made.variants.fresh_runs = 2;
    return made;
  }

  trace::testing::TempDirectory directory;
};

TEST_F(WorkloadCases, AreMadeWithOtherInputs) {
  const registry::Registry opened = open();
  const WorkloadCaseOptions asked = options();
  const WorkloadCaseSet set = plan_workload_cases(opened, asked);
  ASSERT_EQ(set.cases.size(), 1u);
  const WorkloadSubject& made = set.cases.front();
  EXPECT_EQ(made.baseline, "base");
  EXPECT_EQ(made.subject.axes, (std::map<std::string, std::int64_t>{{"n", 10}}));
  ASSERT_EQ(set.notes.size(), 1u);
  EXPECT_NE(set.notes[0].find("axis n is 0"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(made.subject.directory)) << "not before it is needed";
  std::vector<std::string> notes;
  WorkloadMaker maker(opened, asked, {}, [&](const std::string& note) { notes.push_back(note); });
  const Job job{opened.solution("mine"), &made.subject, made.workload, made.baseline};
  EXPECT_FALSE(maker.prepare(job)) << "its trial can run";
  EXPECT_FALSE(maker.prepare(job));
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("the baseline base says what is right"), std::string::npos);
  const WorkloadCase values =
      read_workload_case(made.subject.directory, opened.definition("toy")->record);
  ASSERT_EQ(values.variants.size(), 4u);
  EXPECT_EQ(values.variants[1].inputs.size(), 2u) << "drawn with another seed";
  EXPECT_NE(values.variants[1].inputs, values.variants[3].inputs);
  EXPECT_EQ(values.workload.sources.at("x"), "normal, seed 1");
  // A few of what came before, and of data only.
  EXPECT_EQ(values.variants[2].inputs.at("at"), values.variants[1].inputs.at("at"));
  EXPECT_NE(values.variants[2].inputs.at("x"), values.variants[1].inputs.at("x"));
}

TEST_F(WorkloadCases, LeaveScalarsAlone) {
  registry::Workload given = toy_workload();
  given.axes = {{"rows", 100}};
  given.inputs = {{"eps", {}}};  // random, and the same in all variants
  const WorkloadCase made = make_variants(toy(), given, {7, 1, directory.path()});
  EXPECT_EQ(made.variants.size(), 3u);
  EXPECT_EQ(made.workload.scalars.size(), 1u);
  for (const WorkloadVariant& variant : made.variants) EXPECT_FALSE(variant.inputs.contains("eps"));
}

TEST_F(WorkloadCases, NobodyIsHeldAgainstItself) {
  const registry::Registry opened = open();
  const WorkloadCaseOptions asked = options();
  const WorkloadCaseSet set = plan_workload_cases(opened, asked);
  std::vector<const registry::Stored<registry::Solution>*> all;
  for (const auto& stored : opened.solutions()) all.push_back(&stored);
  std::vector<std::string> notes;
  const auto candidates = launchable_anywhere(all, notes);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_EQ(notes.front(),
            "not judged on Workloads: asks, which ask for \"grid\" of the engine's launch");
  const auto jobs = plan_jobs(candidates, set.cases);
  ASSERT_EQ(jobs.size(), 2u);
  WorkloadMaker maker(opened, asked, {}, {});
  for (const Job& job : jobs) {
    EXPECT_EQ(job.baseline, "base");
    EXPECT_EQ(job.workload_uuid(), "one");
    const auto instead = maker.prepare(job);
    ASSERT_EQ(instead.has_value(), job.solution->record.name == "base");
    if (instead) {
      EXPECT_FALSE(instead->result.applicable);
    }
  }
}

TEST_F(WorkloadCases, WithoutAnythingThatIsRightAreAProblem) {
  std::filesystem::remove(directory.path() / "solutions/baseline/test/toy/base.json");
  const registry::Registry opened = open();
  const WorkloadCaseOptions asked = options();
  const WorkloadCaseSet set = plan_workload_cases(opened, asked);
  WorkloadMaker maker(opened, asked, {}, {});
  const WorkloadSubject& made = set.cases.at(0);
  const auto instead =
      maker.prepare({opened.solution("mine"), &made.subject, made.workload, made.baseline});
  ASSERT_TRUE(instead);
  EXPECT_NE(instead->problem.find("there is no baseline"), std::string::npos) << instead->problem;
}

TEST_F(WorkloadCases, BaselinesThatAreNoneAreNamed) {
  WorkloadCaseOptions asked = options();
  asked.baseline = [](const std::string& name) { return name == "nobody"; };
  const WorkloadCaseSet set = plan_workload_cases(open(), asked);
  ASSERT_EQ(set.cases.size(), 1u);
  EXPECT_EQ(set.cases.front().baseline, "");
  EXPECT_NE(set.notes.at(0).find("--baseline names no Solution"), std::string::npos);
}

TEST_F(WorkloadCases, ThatStandForCapturesAreLeftOut) {
  write("workloads/test/toy.jsonl", workload("one", 10, R"(, "fibshim": {"case": "toy-1"})"));
  const WorkloadCaseSet set = plan_workload_cases(open(), options());
  EXPECT_TRUE(set.cases.empty());
  ASSERT_EQ(set.notes.size(), 1u);
  EXPECT_NE(set.notes.front().find("stand for launches of captures"), std::string::npos);
}

TEST_F(WorkloadCases, ResultsSayNothingOfAnEngine) {
  const registry::Registry opened = open();
  const WorkloadCaseSet set = plan_workload_cases(opened, options());
  std::vector<const registry::Stored<registry::Solution>*> candidates = {opened.solution("mine")};
  BenchOptions bench;
  bench.lock_place = directory.path();
  TrialRequest asked;
  bench.trial = [&](const TrialRequest& request, const replayer::Supervision&) {
    asked = request;
    TrialOutcome outcome;
    outcome.result.status = registry::Status::Passed;
    outcome.result.baseline = request.baseline;
    outcome.result.timing = {{"cold", 2000, 1000, 2, 1.9, 2.1, 0.95, 20, 0, "faster"}};
    return outcome;
  };
  std::vector<match::Problem> problems;
  const auto table = match::MatchTable::build({}, problems);
  const std::vector<Job> jobs = plan_jobs(candidates, set.cases);
  (void)run_jobs(jobs, {{0, "Sim", "GPU-a"}}, opened, *table, bench);
  EXPECT_EQ(asked.workload, "one");
  EXPECT_EQ(asked.baseline, "base");
  const registry::Registry written = open();
  EXPECT_EQ(written.workloads().size(), 2u) << "none is added";
  ASSERT_EQ(written.traces().size(), 1u);
  const registry::Trace& trace = written.traces().front().record;
  EXPECT_EQ(trace.workload.uuid, "one");
  const registry::Json& ours = *trace.evaluation->performance->members.unknown("fibshim");
  EXPECT_EQ(ours["against"], "baseline");
  EXPECT_EQ(ours["baseline"], "base");
  EXPECT_DOUBLE_EQ(ours["speedup_low"].get<double>(), 1.9);
  EXPECT_FALSE(ours.contains("incumbent_latency_ms"));
  EXPECT_DOUBLE_EQ(trace.evaluation->performance->speedup_factor, 2);
  // Who redirects launches learns nothing from it, unless upstream's speedup is what counts.
  EXPECT_FALSE(registry::to_measurement(trace, registry::Baseline::Incumbent));
  EXPECT_TRUE(registry::to_measurement(trace, registry::Baseline::Reference));
  EXPECT_TRUE(DoneJobs(written).has(jobs.front(), "Sim"));
}

TEST_F(WorkloadCases, AreDoneForTheBaselineThatWasAskedFor) {
  const registry::Registry opened = open();
  const WorkloadCaseSet set = plan_workload_cases(opened, options());
  std::vector<const registry::Stored<registry::Solution>*> candidates = {opened.solution("mine")};
  std::vector<Job> jobs = plan_jobs(candidates, set.cases);
  BenchOptions bench;
  bench.lock_place = directory.path();
  // The baseline turned out to be wrong, so that nobody was compared; and a candidate that failed.
  TrialOutcome outcome;
  outcome.result.status = registry::Status::Passed;
  outcome.result.timing = {{"cold", 0, 1000, 0, 0, 0, 0.95, 20, 0, "not compared"}};
  for (const auto status : {registry::Status::Passed, registry::Status::RuntimeError}) {
    outcome.result.status = status;
    bench.trial = [&](const TrialRequest&, const replayer::Supervision&) { return outcome; };
    std::vector<match::Problem> problems;
    const auto table = match::MatchTable::build({}, problems);
    std::filesystem::remove_all(directory.path() / "traces");
    (void)run_jobs(jobs, {{0, "Sim", "GPU-a"}}, opened, *table, bench);
    const registry::Registry written = open();
    ASSERT_EQ(written.traces().size(), 1u);
    EXPECT_TRUE(DoneJobs(written).has(jobs.front(), "Sim"));
    Job other = jobs.front();
    other.baseline = "another";
    EXPECT_FALSE(DoneJobs(written).has(other, "Sim"));
  }
}

TEST(EngineTerms, AreFoundWhereverTheyStand) {
  match::CandidateSpec candidate;
  match::KernelLaunchSpec& kernel = candidate.launch.kernels.emplace_back();
  kernel.grid = {"ceil_div(`grid.x`, 4)", "n"};
  EXPECT_EQ(asked_of_engine(candidate), "") << "a name in backquotes is one of the Definition's";
  kernel.shared = "smem + 4";
  EXPECT_EQ(asked_of_engine(candidate), "ask for \"smem\" of the engine's launch");
  kernel.shared = "0";
  match::ArgumentSpec argument;
  argument.value = "param(2, 0, i32)";
  kernel.arguments = {argument};
  EXPECT_EQ(asked_of_engine(candidate), "ask for \"param\" of the engine's launch");
  kernel.arguments.front().kind = match::ArgumentSpec::Kind::Copy;
  kernel.arguments.front().copy.parameter = 3;
  EXPECT_EQ(asked_of_engine(candidate), "copy parameter 3 of the engine's launch");
}

}  // namespace
}  // namespace fib::judge::testing
