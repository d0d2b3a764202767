// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "replayer/launch_table.h"
#include "replayer/machine.h"

namespace fib::replayer {

/// What an extract came to.
struct ExtractSummary {
  std::uint64_t regions = 0;
  std::uint64_t pages = 0;          ///< whose content it holds
  std::uint64_t changed_pages = 0;  ///< by the launch
};

/// Replays the window up to a launch and writes that launch alone as a capture: its image, its
/// parameters, and the memory that it can get at, as it was before. Whether that is all it needs, a
/// replay of the extract tells. Throws Refusal, and as run_window().
[[nodiscard]] ExtractSummary extract_launch(Machine& machine, LaunchTable& launches,
                                            const trace::Capture& from);

}  // namespace fib::replayer
