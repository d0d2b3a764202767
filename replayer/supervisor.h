// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "replayer/engine.h"

/// Replays in child processes: an address that is taken asks for another layout of the process, a
/// kernel that never ends must be ended from outside, and a GPU error spoils the whole process.
namespace fib::replayer {

struct Supervision {
  double timeout_seconds = 60;  ///< without progress
  unsigned layouts = 8;         ///< to try for the recorded addresses
  /// Called every now and then with what the child is doing; may be empty.
  std::function<void(const std::string&)> watch;
};

/// Replays in a child, which is this program again (see replay_child). The report as JSON. Throws
/// std::system_error when no child can be started.
[[nodiscard]] std::string supervise(const ReplayTarget& target, const ReplayOptions& options,
                                    const Supervision& supervision);

/// First thing in main(): in a child of supervise() it replays and returns the exit code; in any
/// other process it returns -1 at once.
[[nodiscard]] int replay_child();

}  // namespace fib::replayer
