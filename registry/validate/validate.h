// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "registry/model/finding.h"
#include "registry/store/registry.h"

namespace fib::registry {

/// The groups of checks, which are upstream's. "benchmark" needs a GPU and is only said not to run.
inline constexpr std::array<std::string_view, 7> kCheckGroups = {
    "layout", "definition", "workload", "solution", "trace", "baseline", "benchmark"};

struct ValidateOptions {
  std::set<std::string> groups;       ///< of kCheckGroups; all if empty
  std::set<std::string> op_types;     ///< only Definitions of these; all if empty
  std::set<std::string> definitions;  ///< only these; all if empty
};

struct ValidationReport {
  std::vector<Finding> findings;  ///< by file, line and pointer
  std::size_t definitions = 0, solutions = 0, workloads = 0, traces = 0;  ///< that were checked

  [[nodiscard]] std::size_t count(Level level) const;
};

/// Checks everything that can be checked without a GPU and without running anything of the
/// registry's. Reads the headers of blobs and single values of index tensors.
[[nodiscard]] ValidationReport validate(const Registry& registry, const ValidateOptions& options);

}  // namespace fib::registry
