// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "judge/trial_request.h"
#include "judge/trial_result.h"
#include "replayer/progress.h"

namespace fib::judge {

/// Judges one candidate on one case in this process, which must have no CUDA context and stays
/// spoiled for another trial. What candidates cause is in the result. Throws replayer::AddressTaken
/// where another layout of the process may help, and replayer::Refusal, trace::CaptureError,
/// registry::RegistryError, driver::DriverError where the trial itself can't be done: nothing is
/// said of the candidate then.
[[nodiscard]] TrialResult run_trial(const TrialRequest& request, replayer::Progress& progress);

}  // namespace fib::judge
