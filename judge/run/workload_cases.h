// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "judge/case.h"
#include "judge/run/workload_variants.h"
#include "registry/store/registry.h"

namespace fib::judge {

struct WorkloadCaseOptions {
  std::filesystem::path root;                                    ///< of the cases
  std::function<bool(const std::string&)> definition, workload;  ///< which ones; empty: all
  /// Which Solutions may be the baseline; empty: those of the author `baseline`, or else of
  /// `flashinfer`.
  std::function<bool(const std::string&)> baseline;
  VariantOptions variants;
  ReferenceOptions reference;
};

/// A Workload that can be judged.
struct WorkloadSubject {
  Case subject;
  const registry::Workload* workload = nullptr;  ///< of the registry
  std::string baseline;  ///< the Solution to measure against; empty: there is none
};

struct WorkloadCaseSet {
  std::vector<WorkloadSubject> cases;
  std::vector<std::string> notes;  ///< what is missing and why, one line each
};

/// The Solutions of these that can be launched where there is no engine. `notes` gets why others
/// can't, a line for each reason.
[[nodiscard]] std::vector<const registry::Stored<registry::Solution>*> launchable_anywhere(
    const std::vector<const registry::Stored<registry::Solution>*>& candidates,
    std::vector<std::string>& notes);

/// Which Workloads of a registry are to be judged, and where their cases are or will be
/// (WorkloadMaker). Left out, with a note, are those that nothing can be launched for, and those
/// that only stand for a launch of a capture.
[[nodiscard]] WorkloadCaseSet plan_workload_cases(const registry::Registry& registry,
                                                  const WorkloadCaseOptions& options);

}  // namespace fib::judge
