// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <fstream>
#include <ostream>

#include "cli/engine_facts.h"
#include "cli/exit_codes.h"
#include "cli/names.h"
#include "cli/result_options.h"
#include "cli/verb.h"
#include "judge/report/report_input.h"

namespace fib::cli {
namespace {

void write(const Context& context, const std::string& path, const std::string& text) {
  if (path == "-") {
    context.out << text;
    return;
  }
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file)
    throw CliError(kExitOutput, path + " can't be written: check the directory and the disk");
}

class ReportVerb : public Verb {
 public:
  std::string name() const override { return "report"; }
  std::string summary() const override {
    return "Write what a registry's results say: as a page, for a pull request, for programs";
  }
  std::string details() const override {
    return "The page is one HTML file that needs no network: what the candidates would save,\n"
           "with a CAPTURE what the engine runs, candidates against incumbents with intervals,\n"
           "fast_p, the leaderboard, and the command behind each number. Of each Solution,\n"
           "workload and GPU model the newest result counts.\n"
           "\n"
           "--json is for programs and agents: per result status, reason, first wrong element,\n"
           "checks, times with intervals, bytes moved a second. docs/report.md lists the members.\n"
           "\n"
           "A capture holds no GPU times. They are taken from --replay, the result of\n"
           "`fib replay --json`, else from the replays of judged launches, and the page says so.\n"
           "\n"
           "Examples:\n"
           "  fib report --registry reg capture --replay replay.json -o report.html\n"
           "  fib report capture -o engine.html\n"
           "  fib report --registry reg --markdown -\n"
           "  fib report --registry reg --solution my_norm --json -";
  }
  void add_options(CLI::App& app) override {
    app.add_option("--registry", registry_, "The registry; without, only what the engine runs")
        ->type_name("DIR");
    app.add_option("CAPTURE", capture_, "The capture that the engine's part is about")
        ->type_name("");
    app.add_option("-o,--output", html_, "Write the page there")->type_name("FILE");
    app.add_option("--markdown", markdown_, "Write Markdown there; - is stdout")->type_name("FILE");
    app.add_option("--json", json_, "Write JSON there; - is stdout")->type_name("FILE");
    app.add_option("--solution", filter_.solution, "Only results of this Solution")
        ->type_name("NAME");
    app.add_option("--definition", filter_.definition, "Only this Definition")->type_name("NAME");
    app.add_option("--gpu", filter_.gpu, "Only this GPU model, as CUDA names it")
        ->type_name("MODEL");
    app.add_option("--baseline", baseline_,
                   "Of fast_p and authors: incumbent, or an author (default: incumbent if there\n"
                   "is one, else baseline)")
        ->type_name("WHOM");
    app.add_option("--replay", replay_, "What `fib replay --json` wrote about a window")
        ->type_name("FILE");
    app.add_option("--process", process_,
                   "Which process that window is of (default: as the replay says)")
        ->type_name("NAME");
    app.add_option("--window", window_, "Which window that is (default: as the replay says)")
        ->type_name("N");
  }

  int run(const Context& context) override {
    if (html_.empty() && markdown_.empty() && json_.empty())
      throw CliError(kExitUsage, "say what to write: -o FILE, --markdown FILE or --json FILE");
    if (registry_.empty() && capture_.empty())
      throw CliError(kExitUsage, "say what to report on: --registry DIR, a CAPTURE, or both");
    if (capture_.empty() && !replay_.empty())
      throw CliError(kExitUsage, "--replay belongs to a CAPTURE: name that too");
    const judge::ReportInput input = read();
    if (!html_.empty()) write(context, html_, judge::html_report(input));
    if (!markdown_.empty()) write(context, markdown_, judge::markdown_report(input));
    if (!json_.empty()) write(context, json_, registry::to_text(judge::feedback(input), 2) + '\n');
    return kExitOk;
  }

 private:
  [[nodiscard]] judge::ReportInput read() const {
    judge::ReportInput input;
    LoadedResults loaded;
    if (!registry_.empty()) loaded = load_results(registry_, filter_);
    if (!filter_.solution.empty() && loaded.results.empty())
      throw CliError(kExitUsage, registry_ + " has no results of a Solution '" + filter_.solution +
                                     "': fib registry list --solutions " + registry_);
    input.registry = registry_;
    input.capture = capture_;
    input.replay = replay_;
    input.process = process_;
    input.baseline_author = baseline_author(baseline_, loaded.results);
    input.results = std::move(loaded.results);
    input.entrants = std::move(loaded.entrants);
    input.unreadable = loaded.unreadable;
    input.kernel_name = [](const std::string& name) { return short_name(demangle(name)); };
    if (!capture_.empty())
      input.engine =
          read_engine_facts({capture_, registry_, replay_, process_, window_, input.results});
    return input;
  }

  std::string registry_, capture_, html_, markdown_, json_, replay_, process_, baseline_;
  judge::ResultFilter filter_;
  std::uint32_t window_ = 0;
};

}  // namespace

std::unique_ptr<Verb> make_report_verb() { return std::make_unique<ReportVerb>(); }

}  // namespace fib::cli
