// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <ostream>

#include "cli/exit_codes.h"
#include "cli/grid.h"
#include "cli/result_options.h"
#include "cli/verb.h"
#include "judge/rank/author_ranking.h"
#include "judge/rank/ratios.h"
#include "judge/rank/saving.h"
#include "judge/report/text.h"
#include "registry/model/json.h"

namespace fib::cli {
namespace {

using judge::count_text;
using judge::figure_text;
using judge::percent_text;
using judge::time_text;
using registry::Json;

enum class RankBy { Saved, Author, FastP, WinP };
const std::map<std::string, RankBy> kRankBy = {{"saved", RankBy::Saved},
                                               {"author", RankBy::Author},
                                               {"fast_p", RankBy::FastP},
                                               {"win_p", RankBy::WinP}};

/// A ranking in both of its forms.
struct Ranking {
  Grid grid;
  Json rows = Json::array();
  std::string note;  ///< one line
  Json total;        ///< of RankBy::Saved
};

std::string saved_text(const judge::Saving& saving) {
  if (saving.faster + saving.slower == 0) return "-";
  std::string text = time_text(saving.saved_ms);
  if (saving.low_ms && saving.high_ms)
    text += " [" + time_text(*saving.low_ms) + ", " + time_text(*saving.high_ms) + ']';
  return text;
}

Json or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

void add(const judge::Saving& saving, Ranking& ranking) {
  ranking.grid.rows.push_back(
      {saved_text(saving), count_text(double(saving.faster)), count_text(double(saving.slower)),
       count_text(double(saving.unclear)), count_text(double(saving.unknown)),
       count_text(double(saving.failed)), saving.definition, saving.author, saving.solution});
  ranking.rows.push_back({{"solution", saving.solution},
                          {"author", saving.author},
                          {"definition", saving.definition},
                          {"saved_ms", saving.saved_ms},
                          {"saved_low_ms", or_null(saving.low_ms)},
                          {"saved_high_ms", or_null(saving.high_ms)},
                          {"gained_ms", saving.gained_ms},
                          {"incumbent_ms", saving.incumbent_ms},
                          {"faster", saving.faster},
                          {"slower", saving.slower},
                          {"no_clear_difference", saving.unclear},
                          {"no_verdict", saving.unknown},
                          {"failed", saving.failed},
                          {"weights_known", saving.weighed}});
}

Ranking by_saving(const judge::Field& field) {
  Ranking ranking;
  ranking.grid.titles = {">saved",  ">faster",    ">slower", ">unclear", ">no verdict",
                         ">failed", "definition", "author",  "solution"};
  for (const judge::Saving& saving : judge::savings(field.results)) add(saving, ranking);
  for (const judge::TotalSaving& total : judge::total_savings(field.results)) {
    ranking.note = "the best candidates together save " + time_text(total.saved_ms) + " of " +
                   time_text(total.incumbent_ms) + " on " + count_text(double(total.improved)) +
                   " of " + count_text(double(total.workloads)) + " workloads" +
                   (total.weighed ? "" : "; a workload that nobody counted ran once");
    ranking.total = {{"saved_ms", total.saved_ms},
                     {"incumbent_ms", total.incumbent_ms},
                     {"workloads", total.workloads},
                     {"improved", total.improved},
                     {"weights_known", total.weighed}};
  }
  return ranking;
}

std::string best_text(const judge::Score& score) {
  std::string text;
  for (const auto& [definition, solution] : score.best_solutions)
    text += (text.empty() ? "" : ", ") + solution;
  return text;
}

Ranking by_author(const judge::Field& field) {
  Ranking ranking;
  ranking.grid.titles = {">speedup",   ">success", ">wins",         ">definitions",
                         ">workloads", "author",   "best Solutions"};
  for (const auto& [author, score] : judge::author_ranking(field)) {
    ranking.grid.rows.push_back({figure_text(score.speedup), percent_text(score.success_rate),
                                 percent_text(score.win_rate),
                                 count_text(double(score.definitions)),
                                 count_text(double(score.workloads)), author, best_text(score)});
    ranking.rows.push_back({{"author", author},
                            {"avg_speedup", score.speedup},
                            {"definitions", score.definitions},
                            {"workloads", score.workloads},
                            {"success_rate", score.success_rate},
                            {"win_rate", score.win_rate},
                            {"best_solutions", Json(score.best_solutions)}});
  }
  ranking.note =
      "speedup: unweighted mean over Definitions of an author's best Solution; a "
      "Solution that failed anywhere counts as 0";
  return ranking;
}

struct ShareRow {
  std::string name;
  judge::Share share;
};

std::vector<ShareRow> shares(const std::vector<judge::Attempt>& attempts, judge::GroupBy group,
                             double p, judge::Threshold threshold) {
  std::vector<ShareRow> rows;
  for (const auto& [name, ratios] : judge::ratios_by(attempts, group))
    rows.push_back({name, judge::share_of(ratios, p, threshold)});
  std::stable_sort(rows.begin(), rows.end(), [](const ShareRow& a, const ShareRow& b) {
    return a.share.value() > b.share.value();
  });
  return rows;
}

class RankVerb : public Verb {
 public:
  std::string name() const override { return "rank"; }
  std::string summary() const override {
    return "Rank a registry's Solutions or authors by their results";
  }
  std::string details() const override {
    return "Of each Solution, workload and GPU model the newest result counts; each GPU model has\n"
           "a ranking of its own. --by says what counts:\n"
           "  saved   GPU time that the Solution would have saved the recorded program: how often\n"
           "          each workload ran x (incumbent - candidate), only where the verdict is "
           "clear\n"
           "  author  mean speedup of each author's best Solutions, 0 for one that ever failed\n"
           "  fast_p  share of the tried workloads that pass and are more than p times as fast\n"
           "  win_p   the same for each author's fastest Solution of each workload\n"
           "The last three are FlashInfer-Bench's. fast_p is with > as in its paper; --at-least\n"
           "makes it >=, as on its page. docs/report.md has the formulas.\n"
           "\n"
           "The baseline is the incumbent, measured in turns with each candidate, or the\n"
           "Solutions of the author that --baseline names.\n"
           "\n"
           "Examples:\n"
           "  fib rank --registry reg\n"
           "  fib rank --registry reg --by fast_p --p 0.95 --baseline baseline --at-least";
  }
  void add_options(CLI::App& app) override {
    app.add_option("--registry", registry_, "The registry")->type_name("DIR")->required();
    app.add_option("--by", by_, "saved, author, fast_p or win_p")
        ->type_name("WHAT")
        ->transform(CLI::CheckedTransformer(kRankBy).description(""))
        ->default_str("saved");
    app.add_option("--gpu", filter_.gpu, "Only this GPU model, as CUDA names it")
        ->type_name("MODEL");
    app.add_option("--definition", filter_.definition, "Only this Definition")->type_name("NAME");
    app.add_option("--op-type", filter_.op_type, "Only Definitions of this type")
        ->type_name("TYPE");
    app.add_option("--p", p_, "The speedup to reach")
        ->type_name("X")
        ->default_str("0.95")
        ->check(CLI::NonNegativeNumber);
    app.add_flag("--at-least", at_least_, "fast_p with >= p instead of > p");
    app.add_option("--baseline", baseline_,
                   "incumbent, or an author (default: incumbent if there is one, else baseline)")
        ->type_name("WHOM");
    app.add_flag("--all-results", all_,
                 "Every result counts, not only the newest, as FlashInfer-Bench has it");
    auto* const json = app.add_flag("--json", json_, "Print a JSON object");
    app.add_flag("--markdown", markdown_, "Print Markdown tables")->excludes(json);
  }

  int run(const Context& context) override {
    const LoadedResults loaded = load_results(registry_, filter_, all_);
    const std::string author = baseline_author(baseline_, loaded.results);
    Json gpus = Json::array();
    for (const std::string& gpu : gpus_of(loaded.results)) {
      std::vector<judge::Result> results;
      for (const judge::Result& result : loaded.results)
        if (result.gpu == gpu) results.push_back(result);
      const Ranking ranking = rank({loaded.entrants, results, author});
      if (json_)
        gpus.push_back(to_json(gpu, ranking));
      else
        print_ranking(context, gpu, ranking);
    }
    if (json_) context.out << registry::to_text(whole(author, std::move(gpus)), 2) << '\n';
    if (!json_ && loaded.results.empty()) context.out << "no results\n";
    return kExitOk;
  }

 private:
  [[nodiscard]] Ranking rank(const judge::Field& field) const try {
    switch (by_) {
      case RankBy::Saved: return by_saving(field);
      case RankBy::Author: return by_author(field);
      case RankBy::FastP: return by_fast_p(field);
      case RankBy::WinP: return by_win_p(field);
    }
    return {};
  } catch (const judge::RankError& error) {
    throw CliError(kExitUsage, error.what());
  }

  [[nodiscard]] Ranking by_fast_p(const judge::Field& field) const {
    const auto threshold = at_least_ ? judge::Threshold::AtLeast : judge::Threshold::Above;
    const auto attempts = judge::fast_attempts(field);
    Ranking ranking;
    ranking.grid.titles = {">fast_p", ">reached", ">tried", "of", "name"};
    for (const auto group : {judge::GroupBy::Author, judge::GroupBy::Solution})
      add(shares(attempts, group, p_, threshold), group, ranking);
    const auto coverage = judge::coverage_of(field, attempts);
    for (Json& row : ranking.rows) {
      const auto found = coverage.find(row["name"].get<std::string>());
      if (row["of"] == "author" && found != coverage.end())
        row["possible"] = found->second.possible;
    }
    ranking.note = "fast_p: share of tried workloads with speedup " +
                   std::string(at_least_ ? ">= " : "> ") + p_text() +
                   (at_least_ ? ", failures are 0 (FlashInfer-Bench's page)" : " (paper)");
    return ranking;
  }

  [[nodiscard]] Ranking by_win_p(const judge::Field& field) const {
    Ranking ranking;
    ranking.grid.titles = {">win@p", ">reached", ">tried", "of", "name"};
    add(shares(judge::win_attempts(field), judge::GroupBy::Author, p_, judge::Threshold::Above),
        judge::GroupBy::Author, ranking);
    ranking.note = "win@p: share of tried workloads with speedup > " + p_text() +
                   " by an author's fastest Solution";
    return ranking;
  }

  static void add(const std::vector<ShareRow>& rows, judge::GroupBy group, Ranking& ranking) {
    const char* const of = group == judge::GroupBy::Author ? "author" : "Solution";
    for (const auto& [name, share] : rows) {
      ranking.grid.rows.push_back({percent_text(share.value()), count_text(double(share.reached)),
                                   count_text(double(share.attempted)), of, name});
      ranking.rows.push_back({{"of", group == judge::GroupBy::Author ? "author" : "solution"},
                              {"name", name},
                              {"share", share.value()},
                              {"reached", share.reached},
                              {"attempted", share.attempted}});
    }
  }

  [[nodiscard]] std::string p_text() const { return Json(p_).dump(); }

  static Json to_json(const std::string& gpu, const Ranking& ranking) {
    Json object{{"gpu", gpu}, {"ranking", ranking.rows}};
    if (!ranking.total.is_null()) object["best_together"] = ranking.total;
    return object;
  }

  [[nodiscard]] Json whole(const std::string& author, Json gpus) const {
    const auto by = std::find_if(kRankBy.begin(), kRankBy.end(),
                                 [&](const auto& entry) { return entry.second == by_; });
    Json object{{"by", by->first}, {"baseline", author.empty() ? "incumbent" : author}};
    if (by_ == RankBy::FastP || by_ == RankBy::WinP) {
      object["p"] = p_;
      object["threshold"] = by_ == RankBy::FastP && at_least_ ? ">=" : ">";
    }
    object["gpus"] = std::move(gpus);
    return object;
  }

  void print_ranking(const Context& context, const std::string& gpu, const Ranking& ranking) const {
    if (markdown_) {
      context.out << "### " << judge::markdown_escape(gpu) << "\n\n";
    } else {
      context.out << context.terminal.bold(judge::clean(gpu)) << '\n';
    }
    print(ranking.grid, context, markdown_ ? GridForm::Markdown : GridForm::Text);
    if (!ranking.note.empty()) context.out << (markdown_ ? "\n" : "") << ranking.note << '\n';
    context.out << '\n';
  }

  std::string registry_, baseline_;
  judge::ResultFilter filter_;
  RankBy by_ = RankBy::Saved;
  double p_ = 0.95;
  bool at_least_ = false, all_ = false, json_ = false, markdown_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_rank_verb() { return std::make_unique<RankVerb>(); }

}  // namespace fib::cli
