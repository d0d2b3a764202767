// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "replayer/launch_table.h"
#include "replayer/plan.h"
#include "replayer/timeline.h"

namespace fib::replayer {

/// What a window's operations mean for the model; `launches` are those of its LaunchTable, with
/// their GPU times where they were measured.
[[nodiscard]] Timeline read_timeline(const Plan& plan, std::span<const LaunchResult> launches);

}  // namespace fib::replayer
