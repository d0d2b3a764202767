// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "cli/verb.h"

namespace fib::cli {

/// Prints the report of a replay (replayer/report.h, as JSON) for people: a table of kernels and
/// what the replay came to.
void print_replay(const Context& context, const nlohmann::json& report);

/// True when nothing speaks against the replay: no mismatch, nothing that failed or hung.
[[nodiscard]] bool replay_is_clean(const nlohmann::json& report);

}  // namespace fib::cli
