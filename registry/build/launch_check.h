// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "registry/build/manifest.h"
#include "registry/match/launch_spec.h"
#include "registry/model/solution.h"

namespace fib::build {

/// What speaks against launching a build as the Solution's launch block says: modules and entries
/// that are not there, arguments that do not fit the code's parameters, more shared memory,
/// registers or threads than the architecture has. One line each, empty if all fits. What is
/// computed at launch is not checked. The launch block is no part of the source key, so whoever
/// takes a build from the cache checks it, too.
[[nodiscard]] std::vector<std::string> launch_problems(const match::LaunchSpec& launch,
                                                       const registry::Solution& solution,
                                                       const Manifest& build);

}  // namespace fib::build
