// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "replayer/event_times.h"
#include "replayer/machine.h"
#include "replayer/operations/executor.h"

namespace fib::replayer {

/// What memory was like after one run of the window.
struct RunResult {
  std::vector<trace::Hash> hashes;          ///< by page of the plan
  std::vector<PageDifference> differences;  ///< to the recording
  std::vector<std::size_t> issued;          ///< operations that launched something
};

/// Runs the window from its begin, as fast as it goes, with events around launches if `times` is
/// given. Throws ReplayFailed, Refusal, DriverError.
[[nodiscard]] RunResult run_window(Machine& machine, LaunchTable& launches, EventTimes* times);

/// The same, but waits after every launch; a launch that takes longer than a second is left alone
/// while what follows is started: it may wait for that. Names what fails.
[[nodiscard]] RunResult run_window_step_by_step(Machine& machine, LaunchTable& launches);

/// Takes note of what became of the launches of an operation.
void note_outcome(const Operation& operation, const Outcome& outcome,
                  std::span<LaunchResult> launches);
/// Tells the watcher that the launches of an operation come now.
void announce(Machine& machine, const LaunchTable& table, std::span<const LaunchResult> launches);

}  // namespace fib::replayer
