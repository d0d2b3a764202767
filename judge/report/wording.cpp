// SPDX-License-Identifier: Apache-2.0
#include "judge/report/wording.h"

#include "judge/report/text.h"

namespace fib::judge {

std::string speedup_text(const Result& result) {
  if (!result.speedup) return "";
  std::string text = figure_text(result.speedup->ratio);
  if (result.speedup->has_interval())
    text +=
        " [" + figure_text(*result.speedup->low) + ", " + figure_text(*result.speedup->high) + ']';
  return text;
}

std::string outcome_text(const Result& result) {
  if (result.passed())
    return result.verdict == Verdict::Unknown ? "passed" : std::string(to_string(result.verdict));
  std::string text(registry::to_string(result.status));
  return result.reason.empty() ? text : text + ": " + result.reason;
}

std::string first_wrong_text(const Result& result) {
  const auto& wrong = result.details.first_wrong;
  if (!wrong) return "";
  std::string index;
  for (const std::int64_t part : wrong->index)
    index += (index.empty() ? "" : ", ") + std::to_string(part);
  return wrong->output + '[' + index + "]: expected " + figure_text(wrong->expected) + ", got " +
         figure_text(wrong->got);
}

std::string total_text(const TotalSaving& total) {
  const double share = total.incumbent_ms > 0 ? total.saved_ms / total.incumbent_ms : 0;
  return time_text(total.saved_ms) + " of " + time_text(total.incumbent_ms) + " (" +
         percent_text(share) + "), " + count_text(static_cast<double>(total.improved)) + " of " +
         count_text(static_cast<double>(total.workloads)) + " workloads improved";
}

}  // namespace fib::judge
