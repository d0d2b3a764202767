// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "judge/rank/author_ranking.h"
#include "judge/rank/ratios.h"
#include "judge/rank/saving.h"
#include "judge/report/html_table.h"
#include "judge/report/plot_scale.h"
#include "judge/report/plots.h"
#include "judge/report/sections.h"
#include "judge/report/text.h"
#include "judge/report/wording.h"

namespace fib::judge {
namespace {

constexpr std::array kMarks = {0.5, 0.8, 0.95, 1.0, 1.1, 1.5, 2.0};  ///< p of the table

TableCell count_cell(std::uint64_t count) {
  const auto value = static_cast<double>(count);
  return number_cell(value, count_text(value));
}

TableCell share_cell(double share) { return number_cell(share, percent_text(share)); }

TableCell saved_cell(const Saving& saving) {
  if (saving.faster + saving.slower == 0) return number_cell(std::nullopt, "");
  std::string text = time_text(saving.saved_ms);
  if (saving.low_ms && saving.high_ms)
    text += " [" + time_text(*saving.low_ms) + ", " + time_text(*saving.high_ms) + ']';
  return number_cell(saving.saved_ms, text);
}

Markup saving_table(const std::string& gpu, std::span<const Result> results, CommandRef command) {
  HtmlTable table("Time saved by each Solution on " + gpu,
                  {{"Solution", false, ""},
                   {"author", false, ""},
                   {"Definition", false, ""},
                   {"saved", true, "GPU time over the recording, with the ends of the intervals"},
                   {"of", true, "GPU time of the incumbents"},
                   {"faster", true, "workloads"},
                   {"slower", true, "workloads"},
                   {"unclear", true, "workloads without a clear difference"},
                   {"no verdict", true, "workloads that nobody measured an interval for"},
                   {"failed", true, "workloads"}});
  for (const Saving& saving : savings(results))
    table.add(
        {text_cell(saving.solution), text_cell(saving.author), text_cell(saving.definition),
         saved_cell(saving),
         number_cell(saving.incumbent_ms > 0 ? std::optional(saving.incumbent_ms) : std::nullopt,
                     time_text(saving.incumbent_ms)),
         count_cell(saving.faster), count_cell(saving.slower), count_cell(saving.unclear),
         count_cell(saving.unknown), count_cell(saving.failed)},
        command);
  return table.markup();
}

std::string joined(const std::map<std::string, std::string>& names) {
  std::string text;
  for (const auto& [definition, solution] : names) text += (text.empty() ? "" : ", ") + solution;
  return text;
}

Markup author_table(const std::string& gpu, const Field& field, CommandRef command) try {
  HtmlTable table("Authors on " + gpu,
                  {{"author", false, ""},
                   {"speedup", true, "unweighted mean over Definitions; 0 for a failed Solution"},
                   {"success", true, "share of Definitions whose best Solution never failed"},
                   {"wins", true, "share of workloads with a speedup above 1"},
                   {"Definitions", true, ""},
                   {"workloads", true, ""},
                   {"best Solutions", false, ""}});
  for (const auto& [author, score] : author_ranking(field))
    table.add(
        {text_cell(author), number_cell(score.speedup, figure_text(score.speedup)),
         share_cell(score.success_rate), share_cell(score.win_rate), count_cell(score.definitions),
         count_cell(score.workloads), text_cell(joined(score.best_solutions))},
        command);
  return table.empty() ? paragraph("No author has results to compare.") : table.markup();
} catch (const RankError& error) {
  return paragraph(std::string("Authors can't be ranked: ") + error.what());
}

Markup marks_table(const std::string& gpu, const Field& field, std::span<const FastCurve> curves,
                   std::span<const Attempt> attempts, CommandRef command) {
  std::vector<HtmlTable::Column> columns = {{"author", false, ""}};
  for (const double p : kMarks) columns.push_back({"p = " + tick_text(p), true, "share above p"});
  columns.push_back({"tried", true, "pairs of a Solution and a workload"});
  columns.push_back({"coverage", true, "tried of all pairs of a Solution and a workload"});
  HtmlTable table("fast_p on " + gpu, std::move(columns));
  const auto coverage = coverage_of(field, attempts);
  for (const FastCurve& curve : curves) {
    std::vector<TableCell> cells = {text_cell(curve.name)};
    for (const double p : kMarks)
      cells.push_back(share_cell(share_of(curve.ratios, p, Threshold::Above).value()));
    cells.push_back(count_cell(curve.ratios.size()));
    const auto found = coverage.find(curve.name);
    const bool known = found != coverage.end() && found->second.possible > 0;
    const double share = known ? static_cast<double>(found->second.attempted) /
                                     static_cast<double>(found->second.possible)
                               : 0;
    cells.push_back(known ? share_cell(share) : number_cell(std::nullopt, ""));
    table.add(std::move(cells), command);
  }
  return table.markup();
}

Markup fast_p_of(const ReportInput& input, const std::string& gpu, Commands& commands) try {
  const std::vector<Result> results = results_on(input, gpu);
  const Field field{input.entrants, results, input.baseline_author};
  const auto attempts = fast_attempts(field);
  if (attempts.empty()) return paragraph(gpu + ": no result has a baseline to compare with.");
  std::vector<FastCurve> curves;
  for (auto& [name, ratios] : ratios_by(attempts, GroupBy::Author))
    curves.push_back({name, std::move(ratios)});
  const CommandRef command = rank_command(input, gpu, "fast_p", commands);
  return fast_p_plot("fast_p by author on " + gpu, curves) +
         marks_table(gpu, field, curves, attempts, command);
} catch (const RankError& error) {
  return paragraph(std::string("fast_p has no baseline: ") + error.what());
}

}  // namespace

Markup saving_section(const ReportInput& input, Commands& commands) {
  Markup content;
  bool weighed = true;
  for (const TotalSaving& total : total_savings(input.results)) {
    const CommandRef command = rank_command(input, total.gpu, "saved", commands);
    const double share = total.incumbent_ms > 0 ? total.saved_ms / total.incumbent_ms : 0;
    content += element("h3", total.gpu);
    content +=
        element("div", {{"class", "tiles"}},
                tile(time_text(total.saved_ms), "GPU time that the best candidates save", command) +
                    tile(percent_text(share),
                         "of the " + time_text(total.incumbent_ms) + " that their incumbents take",
                         command) +
                    tile(count_text(static_cast<double>(total.improved)) + " of " +
                             count_text(static_cast<double>(total.workloads)),
                         "workloads with a clearly faster candidate", command));
    weighed = weighed && total.weighed;
  }
  if (content.text.empty())
    content = paragraph("No result was measured against an incumbent, so no saving is known.");
  else
    content += paragraph(
        "Over the whole recording: how often each workload ran × (incumbent − candidate), with the "
        "best candidate of each workload. Candidates that failed anywhere are left out, and so is "
        "what has no clear verdict.");
  if (!weighed) content += paragraph("A workload that nobody counted is taken to have run once.");
  return section("saving", "What the candidates would save", content);
}

Markup fast_p_section(const ReportInput& input, Commands& commands) {
  Markup content = paragraph(
      "Share of the tried workloads on which an author's Solutions pass and are more than p times "
      "as fast as " +
      (input.baseline_author.empty() ? "the incumbent"
                                     : "the Solution of the author " + input.baseline_author) +
      ". The number of results stands behind the name.");
  for (const std::string& gpu : gpus_in(input)) content += fast_p_of(input, gpu, commands);
  return section("fast-p", "fast_p", content);
}

Markup ranking_section(const ReportInput& input, Commands& commands) {
  Markup content;
  for (const std::string& gpu : gpus_in(input)) {
    const std::vector<Result> results = results_on(input, gpu);
    content += saving_table(gpu, results, rank_command(input, gpu, "saved", commands));
    content += author_table(gpu, {input.entrants, results, input.baseline_author},
                            rank_command(input, gpu, "author", commands));
  }
  return section("leaderboard", "Leaderboard", content);
}

}  // namespace fib::judge
