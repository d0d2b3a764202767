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

/// What a result is of, beside names and Workload.
struct Judged {
  std::string candidate;  ///< candidate_hash() of the Solution; empty: it is not from this judge
  std::string baseline;   ///< that it was to be compared with; empty: the incumbent, or nothing
};

/// Whether an Evaluation can say this: upstream has no word for a candidate that is right but was
/// not timed, and one that would not be launched was not tried.
[[nodiscard]] bool is_evaluation(const TrialResult& result);

/// The result as a FlashInfer Trace, as upstream's own reader accepts it. `now` is the time of day.
/// Only if is_evaluation().
[[nodiscard]] registry::Trace trace_of(const std::string& definition, registry::Workload workload,
                                       const std::string& solution, const Judged& judged,
                                       const TrialResult& result, const ToolFindings& tools,
                                       const std::string& now);

/// What trace_of() was told.
[[nodiscard]] Judged judged_by(const registry::Evaluation& evaluation);

/// Local time as upstream writes it: "2026-01-31T12:00:00.123456".
[[nodiscard]] std::string time_of_day();

}  // namespace fib::judge
