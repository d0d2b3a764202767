// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/draft/draft.h"
#include "registry/model/solution.h"
#include "registry/store/registry.h"

namespace fib::cli {

/// What `fib registry bind` drafted of one kernel.
struct BoundKernel {
  std::string kernel;  ///< mangled
  std::uint64_t launches = 0;
  registry::Draft draft;
  std::string op_type;
  std::optional<registry::Solution> solution;
};

/// Writes what was drafted into the registry: Definition, Solution, binding, and a policy that pins
/// the Solution. Returns the files, relative to its root. What is there already and differs stays,
/// and is an error, unless `replace`. Throws registry::RegistryError.
std::vector<std::string> write_draft(const registry::Registry& registry, const BoundKernel& bound,
                                     bool replace);

/// The same as one JSON object: {"definitions", "solutions", "bindings", "policies"}.
[[nodiscard]] registry::Json draft_bundle(const std::vector<BoundKernel>& all);

}  // namespace fib::cli
