// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "judge/run/bench.h"
#include "judge/run/workload_cases.h"

namespace fib::judge {

/// Makes the cases of Workloads when their first job comes: values on disk, and the outputs of the
/// Definition's run where there is a Python for it. So a bench over many Workloads has its first
/// results soon, and no Python runs beside a measurement on the only GPU. Thread-safe.
class WorkloadMaker {
 public:
  /// Borrows all three. `note`: what a reader of the results has to know, each once.
  WorkloadMaker(const registry::Registry& registry, const WorkloadCaseOptions& options,
                std::function<void(const std::string&)> say,
                std::function<void(const std::string&)> note);

  /// For BenchOptions::prepare. A Solution that would itself be what is right is not applicable; a
  /// Workload of which nothing says what is right is a problem.
  [[nodiscard]] std::optional<TrialOutcome> prepare(const Job& job);

 private:
  struct Made {
    bool has_outputs = false;  ///< the Definition's run says what is right; else the baseline
    std::string problem;       ///< why there is no case
  };

  [[nodiscard]] Made make(const Job& job);
  [[nodiscard]] bool add_outputs(const registry::Definition& definition, const Job& job,
                                 WorkloadCase& values);
  void note_once(const std::string& note);

  const registry::Registry& registry_;
  const WorkloadCaseOptions& options_;
  std::function<void(const std::string&)> say_, note_;
  std::mutex mutex_;
  std::map<const Case*, Made> made_;
  std::set<std::string> noted_;
};

}  // namespace fib::judge
