// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "judge/rank/saving.h"
#include "judge/report/html_table.h"
#include "judge/report/plots.h"
#include "judge/report/sections.h"
#include "judge/report/text.h"
#include "judge/report/wording.h"

namespace fib::judge {
namespace {

constexpr std::size_t kBarsShown = 40;  ///< of one plot; the table has all

using Results = std::vector<const Result*>;

CommandRef result_command(const ReportInput& input, const Result& result, Commands& commands) {
  return commands.add({"fib", "report", "--registry", input.registry, "--solution", result.solution,
                       "--json", "-"});
}

TableCell time_cell(const std::optional<double>& ms) {
  return number_cell(ms, ms ? time_text(*ms) : "");
}

TableCell outcome_cell(const Result& result) {
  const char* css = "bad";
  if (result.passed()) {
    switch (result.verdict) {
      case Verdict::Faster: css = "good"; break;
      case Verdict::Slower: css = "slow"; break;
      default: css = "plain"; break;
    }
  }
  return {element("span", {{"class", css}}, escaped(outcome_text(result))), std::nullopt, false};
}

TableCell speedup_cell(const Result& result) {
  return number_cell(result.speedup ? std::optional(result.speedup->ratio) : std::nullopt,
                     speedup_text(result));
}

TableCell source_cell(const Result& result) {
  const ResultDetails& details = result.details;
  if (details.time_source.empty()) return text_cell("–");
  return text_cell(details.time_source + (details.l2.empty() ? "" : ", L2 " + details.l2));
}

TableCell pairs_cell(const Result& result) {
  const auto pairs = static_cast<double>(result.details.pairs);
  return number_cell(pairs > 0 ? std::optional(pairs) : std::nullopt, count_text(pairs));
}

Markup candidate_table(const ReportInput& input, const std::string& definition,
                       const Results& results, Commands& commands) {
  HtmlTable table("Candidates for " + definition,
                  {{"Solution", false, ""},
                   {"shape", false, "variable axes of the workload"},
                   {"GPU", false, ""},
                   {"outcome", false, "the verdict, or why it failed"},
                   {"incumbent", true, "median GPU time, measured in turns with the candidate"},
                   {"candidate", true, "median GPU time"},
                   {"speedup", true, "incumbent / candidate, with its confidence interval"},
                   {"runs", true, "how often the recorded program ran this workload"},
                   {"saved", true, "runs × (incumbent − candidate), where the verdict is clear"},
                   {"pairs", true, "of times of incumbent and candidate"},
                   {"timed by", false, ""}});
  for (const Result* const it : results) {
    const auto saved = saved_time(*it);
    table.add(
        {text_cell(it->solution), text_cell(shape_of(*it)), text_cell(it->gpu), outcome_cell(*it),
         time_cell(it->incumbent_ms), time_cell(it->latency_ms), speedup_cell(*it),
         number_cell(it->weighed ? std::optional(it->weight) : std::nullopt,
                     count_text(it->weight)),
         time_cell(saved ? std::optional(saved->ms) : std::nullopt), pairs_cell(*it),
         source_cell(*it)},
        result_command(input, *it, commands));
  }
  return table.markup();
}

SpeedupBar bar_of(const Result& result) {
  SpeedupBar bar;
  bar.label = result.solution + " · " + shape_of(result);
  bar.speedup = result.speedup;
  bar.verdict = result.verdict;
  bar.note = result.speedup ? speedup_text(result) + " ×" : outcome_text(result);
  return bar;
}

/// Those that count most for the engine first: with a speedup or a failure to show.
Results plotted(const Results& results, const std::string& gpu) {
  Results kept;
  for (const Result* const result : results)
    if (result->gpu == gpu && (result->speedup || !result->passed())) kept.push_back(result);
  std::stable_sort(kept.begin(), kept.end(), [](const Result* a, const Result* b) {
    const auto cost = [](const Result* it) { return it->weight * it->incumbent_ms.value_or(0); };
    return cost(a) > cost(b);
  });
  return kept;
}

Markup plot_of(const std::string& definition, const Results& results, const std::string& gpu) {
  const Results kept = plotted(results, gpu);
  const bool measured =
      std::any_of(kept.begin(), kept.end(), [](const Result* it) { return it->speedup; });
  if (!measured) return {};
  std::vector<SpeedupBar> bars;
  for (const Result* const result : kept)
    if (bars.size() < kBarsShown) bars.push_back(bar_of(*result));
  std::string title = definition + " on " + gpu;
  if (kept.size() > bars.size())
    title += ": the " + count_text(static_cast<double>(bars.size())) + " that cost most of " +
             count_text(static_cast<double>(kept.size()));
  return speedup_plot(title, bars);
}

Markup check_list(const Result& result) {
  Markup items;
  for (const CheckResult& check : result.details.checks) {
    std::string text = (check.passed ? "✓ " : "✕ ") + check.name;
    if (!check.detail.empty()) text += ": " + check.detail;
    items += element("li", text);
  }
  return items.text.empty() ? Markup() : element("ul", {{"class", "checks"}}, items);
}

/// What an author needs to know about a result that failed.
Markup failure(const Result& result) {
  Markup content;
  const auto fact = [&](const char* name, const std::string& text) {
    if (!text.empty()) content += element("dt", name) + element("dd", text);
  };
  fact("detail", result.detail);
  fact("first wrong element", first_wrong_text(result));
  if (result.details.matched_ratio) fact("matched", percent_text(*result.details.matched_ratio));
  Markup body = element("dl", content) + check_list(result);
  if (!result.details.log.empty())
    body += element("pre", {{"tabindex", "0"}}, escaped(shortened(result.details.log, 2000), true));
  const std::string title = result.solution + " · " + shape_of(result) + " · " + result.gpu +
                            " · " + outcome_text(result);
  return element("details", element("summary", title) + body);
}

Markup definition_part(const ReportInput& input, const std::string& definition,
                       const Results& results, Commands& commands) {
  Markup part = element("h3", {{"class", "name"}}, escaped(definition));
  std::set<std::string> kernels;
  for (const Result* const result : results)
    if (!result->kernel.empty()) kernels.insert(input.kernel(result->kernel));
  for (const std::string& kernel : kernels)
    part += element("p", {{"class", "kernel"}}, escaped("incumbent: " + shortened(kernel, 200)));
  for (const std::string& gpu : gpus_in(input)) part += plot_of(definition, results, gpu);
  part += candidate_table(input, definition, results, commands);
  Markup failures;
  for (const Result* const result : results)
    if (!result->passed()) failures += failure(*result);
  if (!failures.text.empty()) part += element("h4", "Failures") + failures;
  return part;
}

}  // namespace

Markup candidates_section(const ReportInput& input, Commands& commands) {
  std::map<std::string, Results> by_definition;
  for (const Result& result : input.results) by_definition[result.definition].push_back(&result);
  Markup content = paragraph(
      "▲ clearly faster, ▼ clearly slower, ● no clear difference, ✕ failed. Lines are confidence "
      "intervals of the speedup; the dashed line is the incumbent.");
  for (const auto& [definition, results] : by_definition)
    content += definition_part(input, definition, results, commands);
  if (by_definition.empty()) content = paragraph("The registry has no results.");
  return section("candidates", "Candidates against incumbents", content);
}

}  // namespace fib::judge
