// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <fstream>
#include <optional>
#include <ostream>

#include "cli/demotions_file.h"
#include "cli/exit_codes.h"
#include "cli/qualify_runs.h"
#include "cli/recording.h"
#include "cli/registry_commands.h"
#include "cli/temporary_directory.h"
#include "cli/units.h"
#include "cli/verb.h"
#include "registry/bindings/table_source.h"

namespace fib::cli {
namespace {

using registry::Json;

/// Every Solution that could be used, but for those that the registry has demoted already.
Solutions launchable(const registry::Registry& registry) {
  registry::Findings ignored;
  const registry::Bindings bindings = registry::load_bindings(registry);
  const match::TableSpec spec = registry::table_spec(registry, bindings, ignored);
  Solutions names;
  for (const match::CandidateSpec& candidate : spec.candidates) {
    if (!bindings.policies.demoted.contains(candidate.name)) names.insert(candidate.name);
  }
  return names;
}

std::string now_text() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return format_unix_time(static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()));
}

Json list_of(const Solutions& names) {
  return Json(std::vector<std::string>(names.begin(), names.end()));
}

Json run_json(const QualifyRun& run) {
  Json json = {{"run", run.number}, {"seconds", run.result.seconds}, {"end", describe(run.result)}};
  if (run.without) {
    json["without"] = list_of(*run.without);
    json["good"] = run.outcome.good;
    if (!run.outcome.good) json["why"] = run.outcome.why;
    if (run.hits) json["redirected"] = run.hits->redirected();
  }
  return json;
}

class QualifyVerb : public Verb {
 public:
  std::string name() const override { return "qualify"; }
  std::string summary() const override {
    return "Deploy all winners at once, check the command's output, demote what breaks it";
  }
  std::string details() const override {
    return "Runs CMD twice without the shim: its output, and how far two runs are apart (the\n"
           "noise). Then with all of the registry's winners in place. If its output differs by\n"
           "more than the noise, or if it crashes or hangs, the winners are divided until the\n"
           "fewest that fail together are found; one of them, that which does least, is demoted,\n"
           "and so on until the rest works. \"as-is\" says whether all worked at once, \"kept\"\n"
           "how many are left.\n"
           "\n"
           "Compared are stdout, or with --file the files that CMD writes, or both. .npy and\n"
           ".safetensors files are compared as numbers, all others word by word. If two bare runs\n"
           "are equal, so must be the others. CMD gets a directory of its own in place of {out}.\n"
           "\n"
           "Demotions go into \"demoted\" of bindings/policies.json, with reason, command and\n"
           "date (docs/bindings.md); remove one there to try again.\n"
           "\n"
           "Exit codes: 0 all winners work at once; 1 some had to be demoted; 5 nothing was\n"
           "redirected, so nothing is known; 2 CMD fails by itself.\n"
           "\n"
           "Examples:\n"
           "  fib qualify --registry starter/ -- python generate.py --greedy\n"
           "  fib qualify --registry starter/ --file logits.npy -- python serve.py --out {out}";
  }
  bool takes_command() const override { return true; }

  void add_options(CLI::App& app) override {
    app.add_option("--registry", registry_, "The registry")->type_name("DIR")->required();
    app.add_option("--file", settings_.files,
                   "Compare this file that CMD writes: below {out} if CMD has one")
        ->type_name("FILE");
    app.add_flag("--stdout", with_stdout_,
                 "Compare stdout (the default without --file and --compare)");
    app.add_option(
           "--compare", settings_.compare,
           "Compare by this shell command; it gets the directories of two runs, and fails if "
           "they differ. stdout and stderr are files of these names in them")
        ->type_name("COMMAND");
    app.add_option("--noise-factor", settings_.noise_factor,
                   "Allow so many times the difference of two bare runs")
        ->type_name("X")
        ->check(CLI::Range(1.0, 1e6))
        ->capture_default_str();
    app.add_option("--tolerance", settings_.tolerance,
                   "Allow this difference in any case: relative, or a share of words")
        ->type_name("X")
        ->check(CLI::Range(0.0, 1e6));
    app.add_option("--bare-runs", bare_runs_, "Runs without the shim")
        ->type_name("N")
        ->check(CLI::Range(2, 100))
        ->capture_default_str();
    app.add_option("--max-runs", max_runs_,
                   "Runs with the registry at most; then only what is known to work stays")
        ->type_name("N")
        ->check(CLI::Range(1, 100000))
        ->capture_default_str();
    app.add_option("--timeout", settings_.timeout,
                   "Seconds after which a run hangs (default: 10 times a bare run, at least 60)")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.1, 86400.0));
    app.add_flag("--dry-run", dry_run_, "Write no demotions into the registry");
    app.add_option("--json", json_, "Write everything that was found into this file")
        ->type_name("FILE");
    app.add_option("--keep", keep_, "Keep the outputs of all runs here")->type_name("DIR");
  }

  int run(const Context& context) override {
    require_command(context.command, name());
    const registry::Registry registry = open_registry(registry_);
    settings_.command = context.command;
    settings_.registry = deployed_registry(registry_);
    settings_.with_stdout = with_stdout_ || (settings_.files.empty() && settings_.compare.empty());
    std::optional<TemporaryDirectory> own;
    if (keep_.empty()) own.emplace("fib-qualify");
    settings_.directory = own ? own->path() : new_directory();
    QualifyRuns runs(settings_);
    runs.run_bare(bare_runs_);
    SearchResult result = search(runs, launchable(registry));
    add_refused(runs, result);
    if (!dry_run_) write_demotions(registry, result.demoted, evidence());
    if (!json_.empty()) write_json(runs, result);
    print(context, runs, result);
    if (used_.empty() && result.demoted.empty()) return kExitNoHits;
    return result.as_is ? kExitOk : kExitFinding;
  }

 private:
  [[nodiscard]] std::filesystem::path new_directory() const {
    std::error_code error;
    if (std::filesystem::exists(keep_, error) && !std::filesystem::is_empty(keep_, error)) {
      throw CliError(kExitUsage, "--keep '" + keep_ + "' is not empty: choose another directory");
    }
    std::filesystem::create_directories(keep_, error);
    return std::filesystem::absolute(keep_);
  }

  /// The first run says who is used at all, if it lives to say so; only these are searched.
  SearchResult search(QualifyRuns& runs, const Solutions& launchable) {
    const QualifyRun& first = runs.run_without({});
    const TrialOutcome outcome = first.outcome;
    Solutions all = launchable;
    std::map<std::string, std::uint64_t> rank;
    if (first.hits && !first.result.timed_out && first.result.child.exit_code == 0) {
      const auto names = first.hits->used();
      all = Solutions(names.begin(), names.end());
      for (const auto& [name, it] : first.hits->candidates) rank[name] = it.eager + it.in_graphs;
    }
    if (!outcome.good && all.empty()) {
      throw CliError(kExitFinding, "nothing was redirected, and still: " + outcome.why +
                                       "; the shim itself may be at fault: fib audit -- CMD");
    }
    used_ = all;
    QualifySearch search(
        [&](const Solutions& wanted) {
          if (wanted == all) return outcome;
          Solutions without;
          std::set_difference(all.begin(), all.end(), wanted.begin(), wanted.end(),
                              std::inserter(without, without.end()));
          const QualifyRun& done = runs.run_without(without);
          return done.outcome;
        },
        max_runs_, std::move(rank));
    return search.run(all);
  }

  /// What the last good run says: who is used, and whom the shim itself had to take out.
  void add_refused(const QualifyRuns& runs, SearchResult& result) {
    const HitRate* last = nullptr;
    for (const QualifyRun& run : runs.runs()) {
      if (run.without && run.outcome.good && run.hits) last = &*run.hits;
    }
    if (last == nullptr) return;
    const auto names = last->used();
    Solutions used(names.begin(), names.end());
    for (const auto& [name, candidate] : last->candidates) {
      const bool by_us = candidate.why.starts_with("named in FIBSHIM_DEMOTE") ||
                         candidate.why.starts_with("demoted in the registry");
      if (candidate.state != "demoted" || by_us) continue;
      used.erase(name);
      result.demoted.push_back({name, candidate.why, {}});
      result.as_is = false;
    }
    used_ = result.kept = used;
  }

  [[nodiscard]] Json evidence() const {
    return {{"by", "fib qualify"}, {"command", quoted(settings_.command)}, {"date", now_text()}};
  }

  [[nodiscard]] static Json demotion_json(const Demotion& demotion) {
    return {{"solution", demotion.solution},
            {"reason", demotion.why},
            {"together_with", demotion.together_with}};
  }

  void write_json(const QualifyRuns& runs, const SearchResult& result) const {
    Json noise = Json::object(), demoted = Json::array(), all = Json::array();
    for (const auto& [output, it] : runs.noise()) {
      noise[output] = {{"distance", it.distance}, {"text", it.text}};
    }
    for (const Demotion& demotion : result.demoted) demoted.push_back(demotion_json(demotion));
    for (const QualifyRun& run : runs.runs()) all.push_back(run_json(run));
    const Json json = {{"as_is", result.as_is},
                       {"deployed", result.kept.size() + result.demoted.size()},
                       {"kept", result.kept.size()},
                       {"kept_solutions", list_of(result.kept)},
                       {"demoted", std::move(demoted)},
                       {"exhausted", result.exhausted},
                       {"noise", std::move(noise)},
                       {"registry", settings_.registry.string()},
                       {"command", quoted(settings_.command)},
                       {"date", now_text()},
                       {"runs", std::move(all)}};
    std::ofstream out(json_);
    out << registry::to_text(json, 2) << '\n';
    if (!out.flush()) throw CliError(kExitOutput, "--json '" + json_ + "' can't be written");
  }

  void print(const Context& context, const QualifyRuns& runs, const SearchResult& result) const {
    std::ostream& out = context.out;
    const std::size_t deployed = result.kept.size() + result.demoted.size();
    for (const auto& [output, noise] : runs.noise()) {
      out << "noise   " << printable(output) << ": " << noise.text << '\n';
    }
    for (const Demotion& demotion : result.demoted) {
      out << "demoted " << printable(demotion.solution + ": " + demotion.why);
      for (const std::string& other : demotion.together_with) {
        out << (&other == &demotion.together_with.front() ? "; only together with " : ", ")
            << printable(other);
      }
      out << '\n';
    }
    if (!result.demoted.empty()) {
      out << (dry_run_
                  ? "        written nowhere (--dry-run)\n"
                  : "        written to \"demoted\" of " + registry_ + "/bindings/policies.json\n");
    }
    if (result.exhausted) out << "        the runs were used up (--max-runs)\n";
    if (deployed == 0) {
      out << "nothing was redirected: fib run --registry " << registry_ << " -- CMD says why\n";
      return;
    }
    out << "as-is   " << (result.as_is ? "yes" : "no") << '\n'
        << "kept    " << result.kept.size() << " of " << deployed << " ("
        << format_share(result.kept.size(), deployed) << ")\n"
        << "runs    " << runs.runs().size() << '\n';
  }

  QualifySettings settings_;
  std::string registry_, json_, keep_;
  std::size_t bare_runs_ = 2, max_runs_ = 200;
  bool dry_run_ = false, with_stdout_ = false;
  Solutions used_;
};

}  // namespace

std::unique_ptr<Verb> make_qualify_verb() { return std::make_unique<QualifyVerb>(); }

}  // namespace fib::cli
