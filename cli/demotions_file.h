// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "cli/qualify_search.h"
#include "registry/model/json.h"
#include "registry/store/registry.h"

namespace fib::cli {

/// Adds to "demoted" in the registry's bindings/policies.json; what else is there stays. `evidence`
/// goes along with each: command, date. Throws CliError.
void write_demotions(const registry::Registry& registry, const std::vector<Demotion>& demotions,
                     const registry::Json& evidence);

}  // namespace fib::cli
