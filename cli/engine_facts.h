// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "judge/rank/result.h"
#include "judge/report/engine_facts.h"

namespace fib::cli {

/// Where to find out what an engine runs. Times are taken from a replay's report if there is one,
/// else, for kernels with results, from the times of their incumbents within replayed sequences.
struct EngineSource {
  std::string capture;
  std::string registry;                    ///< whose bindings match launches; may be empty
  std::string replay;                      ///< what `fib replay --json` wrote; may be empty
  std::string process;                     ///< of the replayed window; empty: as the replay says
  std::uint32_t window = 0;                ///< its number; 0: as the replay says
  std::span<const judge::Result> results;  ///< newest()
};

/// Throws CliError.
[[nodiscard]] judge::EngineFacts read_engine_facts(const EngineSource& source);

}  // namespace fib::cli
