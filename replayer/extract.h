// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "replayer/launch_table.h"
#include "replayer/machine.h"
#include "replayer/report.h"

namespace fib::replayer {

/// Replays the window up to the last launch that is asked for, and writes each of them alone as a
/// capture: its image, its parameters, and the memory that it can get at, as it was before. Whether
/// that is all it needs, a replay of the extract tells. By the launches' numbers. Throws Refusal if
/// there is none that can be extracted, and as run_window().
[[nodiscard]] std::vector<ExtractSummary> extract_launches(Machine& machine, LaunchTable& launches,
                                                           const trace::Capture& from);

}  // namespace fib::replayer
