// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <ostream>

#include "cli/exit_codes.h"
#include "cli/grid.h"
#include "cli/result_options.h"
#include "cli/units.h"
#include "cli/verb.h"
#include "judge/rank/compare_runs.h"
#include "judge/report/text.h"
#include "registry/model/json.h"

namespace fib::cli {
namespace {

using judge::Change;
using judge::ChangeKind;
using registry::Json;

bool is_news(const Change& change) {
  return change.kind != ChangeKind::NotMeasuredAgain && change.kind != ChangeKind::StillFails &&
         change.kind != ChangeKind::NoClearDifference;
}

std::string time_or_status(const judge::Result* result) {
  if (result == nullptr) return "-";
  return result->passed() ? judge::time_text(*result->latency_ms)
                          : std::string(registry::to_string(result->status));
}

std::string ratio_text(const Change& change) {
  if (change.ratio == 0) return "-";
  std::string text = judge::figure_text(change.ratio);
  if (change.low)
    text += " [" + judge::figure_text(*change.low) + ", " + judge::figure_text(*change.high) + ']';
  return text;
}

Json side(const judge::Result* result) {
  if (result == nullptr) return nullptr;
  Json object{{"status", registry::to_string(result->status)}, {"timestamp", result->timestamp}};
  if (!result->reason.empty()) object["reason"] = result->reason;
  if (result->latency_ms) object["latency_ms"] = *result->latency_ms;
  if (result->incumbent_ms) object["incumbent_ms"] = *result->incumbent_ms;
  return object;
}

class CompareVerb : public Verb {
 public:
  std::string name() const override { return "compare"; }
  std::string summary() const override { return "Compare the results of two runs of the judge"; }
  std::string details() const override {
    return "OLD and NEW are registries. With @TIME only results up to that time count, so two\n"
           "states of one registry can be compared; a day or an hour means all of it.\n"
           "\n"
           "For each Solution, workload and GPU model: old and new latency, and new / old, above "
           "1\n"
           "when it got slower. Where both were measured in turns with the same incumbent, the\n"
           "ratio is that of the times in units of the incumbent's: a GPU that is slower today\n"
           "changes nothing. Its interval holds if both measurements' intervals do. Slower or\n"
           "faster is what is so with the whole interval; without one, what the numbers say.\n"
           "\n"
           "With --fail-on-regression PCT the exit code is 1 if anything fails that passed "
           "before,\n"
           "or got slower by more than PCT percent with all of its interval.\n"
           "\n"
           "Examples:\n"
           "  fib compare reg@2026-11-20 reg --fail-on-regression 3\n"
           "  fib compare main/registry branch/registry --markdown";
  }
  void add_options(CLI::App& app) override {
    app.add_option("OLD", old_, "Registry, or DIR@TIME")->type_name("")->required();
    app.add_option("NEW", new_, "Registry, or DIR@TIME")->type_name("")->required();
    app.add_option("--fail-on-regression", percent_, "Exit with 1 if something got worse")
        ->type_name("PCT")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--gpu", filter_.gpu, "Only this GPU model, as CUDA names it")
        ->type_name("MODEL");
    app.add_option("--definition", filter_.definition, "Only this Definition")->type_name("NAME");
    app.add_option("--solution", filter_.solution, "Only this Solution")->type_name("NAME");
    app.add_flag("--all", all_, "Also list what did not change");
    auto* const json = app.add_flag("--json", json_, "Print a JSON object");
    app.add_flag("--markdown", markdown_, "Print a Markdown table")->excludes(json);
  }

  int run(const Context& context) override {
    const auto before = load(old_), after = load(new_);
    const std::vector<Change> changes = judge::compare_runs(before, after);
    if (json_)
      context.out << registry::to_text(to_json(changes), 2) << '\n';
    else
      print_changes(context, changes);
    return regressions(changes) > 0 ? kExitFinding : kExitOk;
  }

 private:
  [[nodiscard]] std::vector<judge::Result> load(const std::string& text) const {
    const ResultsPlace place = results_place(text);
    judge::ResultFilter filter = filter_;
    filter.until = place.until;
    auto loaded = load_results(place.directory, filter);
    if (loaded.results.empty())
      throw CliError(kExitUsage, text +
                                     " has no results to compare: check the path, the time and "
                                     "the filters, or run `fib bench`");
    return std::move(loaded.results);
  }

  [[nodiscard]] std::size_t regressions(const std::vector<Change>& changes) const {
    if (percent_ < 0) return 0;
    return static_cast<std::size_t>(
        std::count_if(changes.begin(), changes.end(),
                      [&](const Change& it) { return is_regression(it, percent_); }));
  }

  [[nodiscard]] Json to_json(const std::vector<Change>& changes) const {
    Json rows = Json::array();
    for (const Change& change : changes) {
      const judge::Result& any = change.any();
      Json row{{"gpu", any.gpu},
               {"definition", any.definition},
               {"solution", any.solution},
               {"workload", any.workload},
               {"axes", Json(any.axes)},
               {"change", judge::to_string(change.kind)},
               {"old", side(change.before)},
               {"new", side(change.after)}};
      if (change.ratio > 0) {
        row["ratio"] = change.ratio;
        row["in_units_of"] = change.against_incumbent ? "incumbent" : "ms";
      }
      if (change.low) {
        row["ratio_low"] = *change.low;
        row["ratio_high"] = *change.high;
        row["confidence"] = change.confidence;
      }
      if (percent_ >= 0) row["regression"] = is_regression(change, percent_);
      rows.push_back(std::move(row));
    }
    Json object{{"old", old_}, {"new", new_}, {"changes", std::move(rows)}};
    if (percent_ >= 0) object["regressions"] = regressions(changes);
    return object;
  }

  void print_changes(const Context& context, const std::vector<Change>& changes) const {
    Grid grid{{"change", ">old", ">new", ">new / old", "gpu", "shape", "solution"}, {}};
    std::map<ChangeKind, std::size_t> counts;
    for (const Change& change : changes) {
      ++counts[change.kind];
      if (!all_ && !is_news(change)) continue;
      const judge::Result& any = change.any();
      const bool regression = percent_ >= 0 && is_regression(change, percent_);
      grid.rows.push_back({std::string(judge::to_string(change.kind)) + (regression ? " (!)" : ""),
                           time_or_status(change.before), time_or_status(change.after),
                           ratio_text(change), any.gpu, judge::shape_of(any), any.solution});
    }
    if (!grid.rows.empty()) {
      print(grid, context, markdown_ ? GridForm::Markdown : GridForm::Text);
      context.out << '\n';
    }
    std::string summary;
    for (const auto& [kind, count] : counts)
      summary += (summary.empty() ? "" : ", ") + format_count(count) + ' ' +
                 std::string(judge::to_string(kind));
    context.out << summary << '\n';
    if (percent_ >= 0)
      context.out << format_count(regressions(changes), "regression") << " by more than "
                  << judge::figure_text(percent_) << " %\n";
  }

  std::string old_, new_;
  judge::ResultFilter filter_;
  double percent_ = -1;
  bool all_ = false, json_ = false, markdown_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_compare_verb() { return std::make_unique<CompareVerb>(); }

}  // namespace fib::cli
