// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/trial.h"

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "driver/check.h"
#include "judge/trial/correctness.h"
#include "judge/trial/gpu_facts.h"
#include "judge/trial/reasons.h"
#include "judge/trial/timing.h"
#include "judge/trial/workload_trial.h"

extern char** environ;

namespace fib::judge {
namespace {

using SteadyClock = std::chrono::steady_clock;
using registry::Status;

/// Code that runs in this process need not learn from its environment that it is judged.
void forget_variables() {
  std::vector<std::string> names;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
    for (const char* prefix : {"FIB_", "FIBSHIM_"})
      if (std::strncmp(*entry, prefix, std::strlen(prefix)) == 0)
        names.emplace_back(*entry, std::strcspn(*entry, "="));
  for (const std::string& name : names) ::unsetenv(name.c_str());
}

class Trial {
 public:
  Trial(const TrialRequest& request, replayer::Progress& progress,
        const std::function<void(const TrialResult&)>& leave)
      : request_(request),
        progress_(progress),
        leave_(leave),
        candidate_(request),
        workload_(request.workload.empty()
                      ? nullptr
                      : std::make_unique<WorkloadTrial>(request, candidate_.definition())),
        subject_(workload_ ? Subject(request, progress, workload_->launch())
                           : Subject(request, progress)) {}

  TrialResult run() {
    const auto start = SteadyClock::now();
    try {
      judge();
    } catch (const CandidateFailed& failure) {
      stop(Status::RuntimeError, failure.reason, failure.what());
    }
    result_.seconds = std::chrono::duration<double>(SteadyClock::now() - start).count();
    return std::move(result_);
  }

 private:
  void stop(Status status, const std::string& reason, const std::string& detail) {
    result_.status = status;
    result_.reason = reason;
    result_.detail = detail;
  }

  void judge() {
    Timing timing(request_.timing, request_.seed);
    subject_.open([&] { timing.start_clock(); });
    describe_gpu(subject_.api(), subject_.device(), result_);
    timing.watch_clocks(result_.gpu_uuid);
    forget_variables();
    if (!prepare()) return;
    progress_.phase("incumbent");
    if (workload_) workload_->set_reference(subject_);
    TrialMemory memory(subject_.machine(), request_.seed);
    const LaunchFacts facts =
        facts_of(candidate_.prepared(), [&](std::uint64_t at) { return memory.bytes_from(at); });
    result_.bytes_touched = facts.bytes_touched();
    Runner runner(subject_, candidate_, memory, request_.seed);
    const IncumbentStudy study = study_incumbent(runner, memory, subject_, facts, request_.seed);
    note(facts, study);
    Correctness correctness(request_, runner, memory, facts, study, candidate_, progress_, result_,
                            workload_ ? &workload_->variants() : nullptr);
    if (!correctness.check_recorded()) return;
    for (std::uint32_t i = 1; i <= request_.fresh_runs; ++i)
      if (!correctness.check_fresh("fresh inputs " + std::to_string(i), request_.seed + i,
                                   reasons::kRecordedOnly))
        return;
    if (workload_ && !correctness.check_distribution(subject_)) return;
    if (request_.timing.enabled) {
      TimedTrial timed{subject_, candidate_, memory, facts, study, correctness.judge()};
      if (workload_) find_baseline(runner, timed);
      time(timing, timed);
      if (!result_.reason.empty()) return;
      if (workload_) workload_->set_reference(subject_);
      if (!correctness.check_fresh("after timing", request_.seed + request_.fresh_runs + 1,
                                   reasons::kBeforeTimingOnly))
        return;
    }
    result_.status = Status::Passed;
  }

  /// Who a candidate on a Workload is measured against.
  void find_baseline(Runner& runner, TimedTrial& timed) {
    progress_.phase("incumbent, baseline");
    const std::string who = workload_->set_baseline(subject_, runner, timed.study, timed.judge);
    result_.checks.push_back({"measured", true, who});
    timed.is_compared = workload_->has_baseline();
    if (timed.is_compared) result_.baseline = request_.baseline;
    if (workload_->variants().has_outputs()) timed.variants = &workload_->variants();
  }

  /// What fails now worked before the candidate ran so often.
  void time(Timing& timing, const TimedTrial& trial) try {
    timing.run(trial, progress_, result_);
  } catch (const driver::DriverError& error) {
    if (error.code() == CUDA_ERROR_OUT_OF_MEMORY) throw;
    expect_success(subject_.api(), error.code(), "a run of it while it was timed");
  } catch (const replayer::ReplayFailed& error) {
    throw CandidateFailed(reasons::kDriverError,
                          std::string("while it was timed: ") + error.what());
  }

  /// Whether there is anything to judge.
  bool prepare() {
    if (leave_) leave_(result_);
    progress_.phase("candidate, loading");
    std::string why;
    switch (candidate_.prepare(subject_, why)) {
      case Candidate::State::Ready: return true;
      case Candidate::State::NotApplicable:
        result_.applicable = false;
        result_.detail = why;
        return false;
      case Candidate::State::NotBuilt: stop(Status::CompileError, reasons::kNoBuild, why); break;
      case Candidate::State::NotLoaded: stop(Status::CompileError, reasons::kNotLoaded, why); break;
    }
    return false;
  }

  void note(const LaunchFacts& facts, const IncumbentStudy& study) {
    result_.incumbent_deterministic = study.deterministic;
    result_.incumbent_note = workload_ ? workload_->reference_note() : "";
    if (!study.note.empty())
      result_.incumbent_note += (result_.incumbent_note.empty() ? "" : "; ") + study.note;
    for (const std::string& name : facts.unknown)
      result_.incumbent_note += (result_.incumbent_note.empty() ? "" : "; ") + name +
                                " is compared byte by byte: its extent is not known";
    if (workload_) result_.inputs = workload_->variants().all().workload.sources;
    result_.checks.push_back({workload_ ? "reference" : "incumbent", true, result_.incumbent_note});
    if (leave_) leave_(result_);
  }

  const TrialRequest& request_;
  replayer::Progress& progress_;
  const std::function<void(const TrialResult&)>& leave_;
  Candidate candidate_;
  std::unique_ptr<WorkloadTrial> workload_;  ///< null: a launch of a capture
  Subject subject_;
  TrialResult result_;
};

}  // namespace

TrialResult run_trial(const TrialRequest& request, replayer::Progress& progress,
                      const std::function<void(const TrialResult&)>& leave) {
  return Trial(request, progress, leave).run();
}

}  // namespace fib::judge
