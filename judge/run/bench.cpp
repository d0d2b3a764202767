// SPDX-License-Identifier: Apache-2.0
#include "judge/run/bench.h"

#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "judge/cases/workload.h"
#include "judge/run/result_log.h"

namespace fib::judge {
namespace {

/// A case as its results name it.
struct CaseRecord {
  const registry::Definition* definition = nullptr;
  registry::Workload workload;
  bool is_valid = false;  ///< as a Workload of the registry
  std::string problem;    ///< why it can't be judged
};

class Bench {
 public:
  Bench(const std::vector<Job>& jobs, const registry::Registry& registry,
        const match::MatchTable& table, const BenchOptions& options)
      : jobs_(jobs),
        registry_(registry),
        options_(options),
        log_(registry),
        outcomes_(jobs.size()) {
    for (const Job& job : jobs)
      if (!records_.contains(job.subject)) records_[job.subject] = record_of(job, table);
  }

  std::vector<JobOutcome> run(const std::vector<Gpu>& gpus) {
    std::vector<std::thread> threads;
    for (const Gpu& gpu : gpus) threads.emplace_back([this, &gpu] { work(gpu); });
    for (std::thread& thread : threads) thread.join();
    if (failure_) std::rethrow_exception(failure_);
    return std::move(outcomes_);
  }

 private:
  CaseRecord record_of(const Job& job, const match::MatchTable& table) const {
    const Case& subject = *job.subject;
    CaseRecord record;
    record.definition = &registry_.definition(subject.definition)->record;
    if (job.workload != nullptr) {
      record.workload = *job.workload;  // which the registry has, so that none is added
      return record;
    }
    try {
      const CaseInputs inputs(subject, table);
      record.workload = workload_of(subject, *record.definition, inputs);
      record.is_valid = what_lacks(record.workload, *record.definition).empty();
      // One that was exported names its tensors.
      for (const auto* stored : registry_.workloads_of(subject.definition))
        if (stored->record.workload.uuid == record.workload.uuid)
          record.workload.inputs = stored->record.workload.inputs;
    } catch (const std::runtime_error& error) {
      record.problem = error.what();
    }
    return record;
  }

  void work(const Gpu& gpu) {
    for (std::size_t next = next_++; next < jobs_.size() && !stop_; next = next_++) {
      try {
        outcomes_[next].job = jobs_[next];
        outcomes_[next].gpu = gpu.name;
        run(gpu, outcomes_[next]);
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!failure_) failure_ = std::current_exception();
        stop_ = true;
      }
    }
  }

  void run(const Gpu& gpu, JobOutcome& outcome) {
    const CaseRecord& record = records_.at(outcome.job.subject);
    outcome.problem = record.problem;
    if (outcome.problem.empty()) {
      try_candidate(gpu, outcome);
      if (outcome.problem.empty()) write(record, outcome);
    }
    const std::lock_guard lock(mutex_);
    if (options_.done) options_.done(outcome);
  }

  void try_candidate(const Gpu& gpu, JobOutcome& outcome) {
    if (options_.prepare) {
      if (auto instead = options_.prepare(outcome.job))
        return take(gpu, *std::move(instead), outcome);
    }
    const TrialRequest request = request_of(gpu, outcome.job);
    const GpuLock lock(
        gpu.uuid, [&] { say("waiting for GPU " + gpu.uuid + ": another process measures on it"); },
        options_.lock_place);
    take(gpu, options_.trial(request, options_.supervision), outcome);
    // What hangs would hang under a tool, too.
    const bool ran = outcome.problem.empty() && outcome.result.applicable &&
                     outcome.result.status != registry::Status::Timeout;
    if (ran && options_.tools) outcome.tools = options_.tools(request);
  }

  static void take(const Gpu& gpu, TrialOutcome trial, JobOutcome& outcome) {
    outcome.problem = std::move(trial.problem);
    outcome.result = std::move(trial.result);
    if (outcome.result.gpu.empty()) outcome.result.gpu = gpu.name;
    if (outcome.result.gpu_uuid.empty()) outcome.result.gpu_uuid = gpu.uuid;
  }

  [[nodiscard]] TrialRequest request_of(const Gpu& gpu, const Job& job) const {
    TrialRequest request;
    request.subject = *job.subject;
    request.registry = registry_.root();
    request.cache = options_.cache;
    request.solution = job.solution->record.name;
    if (job.workload != nullptr) request.workload = job.workload->uuid;
    request.baseline = job.baseline;
    request.device = gpu.ordinal;
    request.seed = options_.seed;
    request.fresh_runs = options_.fresh_runs;
    request.timing = options_.timing;
    return request;
  }

  void write(const CaseRecord& record, JobOutcome& outcome) {
    if (!is_evaluation(outcome.result)) return;
    const registry::Solution& solution = outcome.job.solution->record;
    const registry::Trace trace = trace_of(record.definition->name, record.workload, solution.name,
                                           {candidate_hash(solution), outcome.job.baseline},
                                           outcome.result, outcome.tools, time_of_day());
    log_.add(trace, *record.definition, solution.author, record.is_valid);
    outcome.written = true;
  }

  void say(const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (options_.say) options_.say(text);
  }

  const std::vector<Job>& jobs_;
  const registry::Registry& registry_;
  const BenchOptions& options_;
  ResultLog log_;
  std::map<const Case*, CaseRecord> records_;
  std::vector<JobOutcome> outcomes_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace

std::vector<JobOutcome> run_jobs(const std::vector<Job>& jobs, const std::vector<Gpu>& gpus,
                                 const registry::Registry& registry, const match::MatchTable& table,
                                 const BenchOptions& options) {
  return Bench(jobs, registry, table, options).run(gpus);
}

}  // namespace fib::judge
