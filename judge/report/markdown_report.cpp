// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "judge/rank/saving.h"
#include "judge/report/engine_text.h"
#include "judge/report/report_input.h"
#include "judge/report/text.h"
#include "judge/report/wording.h"

namespace fib::judge {
namespace {

constexpr std::size_t kRowsShown = 100;

using Rows = std::vector<std::vector<std::string>>;

/// The table, or its first rows and how many more there are.
std::string cut_table(const std::vector<std::string>& titles, Rows rows) {
  const std::size_t hidden = rows.size() > kRowsShown ? rows.size() - kRowsShown : 0;
  rows.resize(rows.size() - hidden);
  std::string text = markdown_table(titles, rows);
  if (hidden > 0)
    text += "\n… " + count_text(static_cast<double>(hidden)) + " more (see the HTML report)\n";
  return text;
}

std::string cell(const std::string& text) { return text.empty() ? "–" : markdown_escape(text); }

std::string totals(const ReportInput& input) {
  std::string text;
  for (const TotalSaving& total : total_savings(input.results)) {
    text += "**" + markdown_escape(total.gpu) + "**: " + markdown_escape(total_text(total));
    if (!total.weighed) text += "; a workload that nobody counted ran once";
    text += "\n\n";
  }
  return text;
}

std::string candidates(const ReportInput& input) {
  Rows rows;
  for (const Result& result : input.results) {
    const auto saved = saved_time(result);
    rows.push_back(
        {cell(result.solution), cell(result.definition), cell(shape_of(result)), cell(result.gpu),
         cell(outcome_text(result)), result.incumbent_ms ? time_text(*result.incumbent_ms) : "–",
         result.latency_ms ? time_text(*result.latency_ms) : "–", cell(speedup_text(result)),
         result.weighed ? count_text(result.weight) : "–", saved ? time_text(saved->ms) : "–"});
  }
  return cut_table({"candidate", "definition", "shape", "GPU", "outcome", ">incumbent",
                    ">candidate", ">speedup", ">runs", ">saved"},
                   std::move(rows));
}

std::string failures(const ReportInput& input) {
  Rows rows;
  for (const Result& result : input.results) {
    if (result.passed()) continue;
    rows.push_back({cell(result.solution), cell(shape_of(result)), cell(result.gpu),
                    cell(outcome_text(result)), cell(result.detail),
                    cell(first_wrong_text(result))});
  }
  if (rows.empty()) return "";
  return "\n### Failures\n\n" +
         cut_table({"candidate", "shape", "GPU", "status", "detail", "first wrong element"},
                   std::move(rows));
}

}  // namespace

std::string markdown_report(const ReportInput& input) {
  std::string text = input.engine ? engine_markdown(*input.engine) : "";
  if (input.registry.empty()) return text;
  text += "## Candidates of " + markdown_escape(input.registry) + "\n\n";
  if (input.results.empty()) return text + "No results.\n";
  text += totals(input) + candidates(input) + failures(input);
  text +=
      "\nSpeedup: incumbent's time / candidate's, with its confidence interval. Saved: runs × "
      "(incumbent − candidate), only where the verdict is clear.\n";
  return text;
}

}  // namespace fib::judge
