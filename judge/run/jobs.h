// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "judge/case.h"
#include "judge/run/workload_cases.h"
#include "registry/store/registry.h"

namespace fib::judge {

/// One candidate on one case. Borrows from the registry and the cases.
struct Job {
  const registry::Stored<registry::Solution>* solution = nullptr;
  const Case* subject = nullptr;
  const registry::Workload* workload = nullptr;  ///< that the case is of; null: of a capture
  std::string baseline;                          ///< of a Workload: whom to measure against

  [[nodiscard]] std::string workload_uuid() const;
};

/// Name of what a candidate is: its sources and how they are launched.
[[nodiscard]] std::string candidate_hash(const registry::Solution& solution);

/// Solutions that can be judged: those with a launch block whose name `wanted` accepts (empty:
/// all). Copies of incumbents (fib registry bind --incumbent-solution) only if `incumbents`.
[[nodiscard]] std::vector<const registry::Stored<registry::Solution>*> candidates_of(
    const registry::Registry& registry, const std::function<bool(const std::string&)>& wanted,
    bool incumbents);

/// What has a result already, by name, candidate_hash, workload uuid, GPU model, and the baseline
/// that it was to be compared with.
class DoneJobs {
 public:
  explicit DoneJobs(const registry::Registry& registry);
  [[nodiscard]] bool has(const Job& job, const std::string& gpu) const;

 private:
  std::set<std::string> done_;
};

/// Every candidate on every case of its Definition; first the cases whose class costs most, so that
/// who stops early has judged what matters.
[[nodiscard]] std::vector<Job> plan_jobs(
    const std::vector<const registry::Stored<registry::Solution>*>& candidates,
    const std::vector<Case>& cases);
/// The same on Workloads, in their order.
[[nodiscard]] std::vector<Job> plan_jobs(
    const std::vector<const registry::Stored<registry::Solution>*>& candidates,
    const std::vector<WorkloadSubject>& cases);

}  // namespace fib::judge
