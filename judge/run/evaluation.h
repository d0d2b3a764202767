// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "judge/trial_result.h"
#include "registry/model/trace.h"

namespace fib::judge {

/// What tools found besides the trial; null: they were not asked.
struct ToolFindings {
  registry::Json sanitizer, ncu;
};

/// Whether an Evaluation can say this: upstream has no word for a candidate that is right but was
/// not timed, and one that would not be launched was not tried.
[[nodiscard]] bool is_evaluation(const TrialResult& result);

/// The result as a FlashInfer Trace, as upstream's own reader accepts it. `candidate` is
/// candidate_hash() of the Solution, `now` the time of day. Only if is_evaluation().
[[nodiscard]] registry::Trace trace_of(const std::string& definition, registry::Workload workload,
                                       const std::string& solution, const std::string& candidate,
                                       const TrialResult& result, const ToolFindings& tools,
                                       const std::string& now);

/// candidate_hash() of what this Evaluation judged; empty if it is not from this judge.
[[nodiscard]] std::string judged_candidate(const registry::Evaluation& evaluation);

/// Local time as upstream writes it: "2026-01-31T12:00:00.123456".
[[nodiscard]] std::string time_of_day();

}  // namespace fib::judge
