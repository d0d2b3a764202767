// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "judge/rank/result.h"
#include "judge/rank/saving.h"

/// What reports say about results, the same in every form. Plain text, not escaped.
namespace fib::judge {

/// "1.23 [1.20, 1.26]"; empty if there is no speedup.
[[nodiscard]] std::string speedup_text(const Result& result);
/// "faster", or of a failure its status and reason: "INCORRECT_NUMERICAL: writes too much".
[[nodiscard]] std::string outcome_text(const Result& result);
/// "y[3, 17]: expected 1.5, got NaN"; empty if it is not known.
[[nodiscard]] std::string first_wrong_text(const Result& result);
/// "1.23 ms of 4.56 ms (27.0 %), 3 of 7 workloads improved".
[[nodiscard]] std::string total_text(const TotalSaving& total);

}  // namespace fib::judge
