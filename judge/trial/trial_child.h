// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "judge/trial_request.h"
#include "judge/trial_result.h"
#include "replayer/child_process.h"

/// Trials in child processes, one each.
namespace fib::judge {

/// What a trial came to.
struct TrialOutcome {
  /// Why there was no trial, one line: another GPU, a capture that is missing or damaged, addresses
  /// that can't be had, not enough memory. Nothing is said of the candidate then: no Evaluation is
  /// written. Empty: `result` counts.
  std::string problem;
  TrialResult result;
};

/// Runs one trial in a child, which is this program again (see trial_child). A child that crashes
/// or hangs while the candidate runs becomes a RUNTIME_ERROR or TIMEOUT of the candidate. An empty
/// `request.cache` is FIB_CACHE_PATH, if that is set. Throws std::system_error when no child can be
/// started.
[[nodiscard]] TrialOutcome supervise_trial(const TrialRequest& request,
                                           const replayer::Supervision& supervision);

/// First thing in main(): in a child of supervise_trial() it runs the trial and returns the exit
/// code; in any other process it returns -1 at once.
[[nodiscard]] int trial_child();

}  // namespace fib::judge
