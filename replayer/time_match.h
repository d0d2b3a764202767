// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "replayer/gpu_times.h"
#include "replayer/launch_table.h"

namespace fib::replayer {

/// Gives launches their times: both are in the order of the launch calls. `issued`: the operations
/// that launched something. Kernels of a graph are paired by name and order. Returns how many
/// launches of `issued` got none.
std::size_t match_times(const std::vector<LaunchTimes>& times,
                        const std::vector<std::size_t>& issued, LaunchTable& launches);

}  // namespace fib::replayer
