// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "judge/trial_request.h"
#include "judge/trial_result.h"
#include "replayer/progress.h"

namespace fib::judge {

/// Phases of Progress that begin with this are those in which the candidate runs: who dies in them
/// dies of it.
inline constexpr const char* kCandidatePhase = "candidate";

/// Judges one candidate on one case in this process, which must have no CUDA context and stays
/// spoiled for another trial. What candidates cause is in the result. `leave`, if given, gets what
/// is known so far before the candidate runs, for the case that this process ends. Throws
/// replayer::AddressTaken where another layout of the process may help, and replayer::Refusal,
/// replayer::ReplayFailed, trace::CaptureError, registry::RegistryError, driver::DriverError where
/// the trial itself can't be done: nothing is said of the candidate then.
[[nodiscard]] TrialResult run_trial(const TrialRequest& request, replayer::Progress& progress,
                                    const std::function<void(const TrialResult&)>& leave = {});

}  // namespace fib::judge
