// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "judge/run/bench.h"
#include "judge/run/workload_cases.h"

namespace CLI {
class App;
}

namespace fib::cli {

/// What `fib bench --workloads` without a capture is told beside what every bench is.
struct WorkloadChoice {
  std::string workload, baseline;  ///< regular expressions; empty: all, the usual one
  double reference_timeout = 300;  ///< seconds, for one run of a Definition's reference

  void add_options(CLI::App& app);
  /// With a capture: throws CliError if anything was chosen.
  void refuse() const;
};

/// What is to be judged without a capture.
struct WorkloadBench {
  std::vector<const registry::Stored<registry::Solution>*> candidates;
  judge::WorkloadCaseOptions options;  ///< of the cases, for a judge::WorkloadMaker
  judge::WorkloadCaseSet set;
};

/// Finds Solutions whose names `solution` accepts, and the Workloads of their Definitions, whose
/// cases will be below `root`. Throws CliError if there is nothing to judge.
[[nodiscard]] WorkloadBench find_workloads(const registry::Registry& registry,
                                           const WorkloadChoice& choice,
                                           const std::string& solution,
                                           const std::string& definition,
                                           const std::filesystem::path& root,
                                           const judge::BenchOptions& options);

}  // namespace fib::cli
