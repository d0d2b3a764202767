// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "judge/run/evaluation.h"
#include "judge/run/gpu_lock.h"
#include "judge/run/jobs.h"
#include "judge/trial/trial_child.h"
#include "registry/match/match_table.h"

/// Trials, one at a time on each GPU, and what becomes of their results.
namespace fib::judge {

struct Gpu {
  int ordinal = 0;
  std::string name, uuid;  ///< as CUDA names the model; "GPU-..."
};

/// What a job came to.
struct JobOutcome {
  Job job;
  std::string gpu;      ///< model that it ran on
  std::string problem;  ///< why there was no trial; empty: `result` counts
  TrialResult result;
  ToolFindings tools;
  bool written = false;  ///< as an Evaluation
};

using RunTrial = std::function<TrialOutcome(const TrialRequest&, const replayer::Supervision&)>;

struct BenchOptions {
  std::filesystem::path cache;  ///< of builds; empty: the default
  std::uint64_t seed = 1;
  std::uint32_t fresh_runs = 3;
  TimingOptions timing;
  replayer::Supervision supervision;
  std::filesystem::path lock_place = GpuLock::usual_place();
  /// What has to be there before a job's trial; no GPU is held meanwhile. An outcome that it
  /// returns stands in the trial's place. On the jobs' threads; may be empty.
  std::function<std::optional<TrialOutcome>(const Job&)> prepare;
  RunTrial trial;  ///< supervise_trial
  /// Looks at the candidate with other tools, after its trial and on the same GPU; may be empty.
  std::function<ToolFindings(const TrialRequest&)> tools;
  std::function<void(const JobOutcome&)> done;  ///< one at a time; may be empty
  std::function<void(const std::string&)> say;  ///< what is waited for; may be empty
};

/// Runs the jobs, on every GPU one at a time, and appends each result to the registry as soon as it
/// is there. `table` describes launches as the registry's bindings do. In the order of the jobs.
/// Throws registry::RegistryError when a result can't be written; then no further job starts.
[[nodiscard]] std::vector<JobOutcome> run_jobs(const std::vector<Job>& jobs,
                                               const std::vector<Gpu>& gpus,
                                               const registry::Registry& registry,
                                               const match::MatchTable& table,
                                               const BenchOptions& options);

}  // namespace fib::judge
