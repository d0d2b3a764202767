// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "judge/workload/materialise.h"

namespace fib::judge {

/// There can be no reference here: no Python, no torch, a type that it can't take. One line.
struct NoReference : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct ReferenceOptions {
  std::filesystem::path cache;   ///< results are kept in `references/` below it; empty: nowhere
  double timeout_seconds = 300;  ///< for each Workload; on the CPU large shapes take long
};

struct ReferenceOutputs {
  std::map<std::string, std::vector<std::byte>> outputs;  ///< contiguous; scalars have one element
  bool from_cache = false;
};

/// What the Definition's own `run` makes of Workloads, in their order: Python with torch, on the
/// CPU, in one process of its own with a time limit. It is code of the registry, run with this
/// user's rights, as upstream runs it. What it returns must be of the Definition's types and
/// shapes. Results are kept by a hash of the reference, the signature and all input values, so that
/// only the first time costs anything. Throws NoReference, and std::runtime_error with one line for
/// a reference that fails, hangs or returns something else.
[[nodiscard]] std::vector<ReferenceOutputs> reference_outputs(
    const registry::Definition& definition, std::span<const MaterialisedWorkload> workloads,
    const ReferenceOptions& options = {});

}  // namespace fib::judge
