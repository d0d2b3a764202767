// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "replayer/child_process.h"
#include "replayer/engine.h"

/// Replays in child processes.
namespace fib::replayer {

/// Replays in a child, which is this program again (see replay_child). The report as JSON. Throws
/// std::system_error when no child can be started.
[[nodiscard]] std::string supervise(const ReplayTarget& target, const ReplayOptions& options,
                                    const Supervision& supervision);

/// First thing in main(): in a child of supervise() it replays and returns the exit code; in any
/// other process it returns -1 at once.
[[nodiscard]] int replay_child();

}  // namespace fib::replayer
