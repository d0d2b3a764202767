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
  std::function<void(const std::string&)> say;  ///< what is going on; may be empty
};

/// A Workload that can be judged.
struct WorkloadSubject {
  Case subject;
  const registry::Workload* workload = nullptr;  ///< of the registry
  std::string baseline;      ///< the Solution to measure against; empty: there is none
  bool has_outputs = false;  ///< the Definition's run says what is right; else the baseline
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

/// From the Workloads of a registry to cases on disk, with the outputs of the Definition's run
/// where there is a Python for it. Left out, with a note, are Workloads of which nothing says what
/// is right, and those that only stand for a launch of a capture. Throws std::runtime_error when
/// cases can't be written.
[[nodiscard]] WorkloadCaseSet make_workload_cases(const registry::Registry& registry,
                                                  const WorkloadCaseOptions& options);

}  // namespace fib::judge
