// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/model/finding.h"
#include "registry/model/json.h"
#include "registry/model/solution.h"

namespace fib::build {

/// `spec.launch.build`: how CUDA C++ of a Solution is compiled (docs/registry.md).
struct BuildOptions {
  std::vector<std::string> options;      ///< for the compiler, those that is_allowed() knows
  std::vector<std::string> instantiate;  ///< templates to compile: "norm<float, 128>"
};

/// The block as it stands; null if there is none.
[[nodiscard]] const registry::Json* build_block_of(const registry::Solution& solution);

/// Reads the block; without one all is empty. Nothing if it has errors.
[[nodiscard]] std::optional<BuildOptions> read_build_options(const registry::Solution& solution,
                                                             registry::Findings& findings);

/// Whether a Solution may ask for this compiler option. Those that change the code are allowed;
/// those that name files are not: a Solution comes from anybody.
[[nodiscard]] bool is_allowed(std::string_view option);

}  // namespace fib::build
