// SPDX-License-Identifier: Apache-2.0
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <system_error>

#include "cli/bench_builds.h"
#include "cli/bench_printer.h"
#include "cli/bench_tools.h"
#include "cli/bench_workloads.h"
#include "cli/exit_codes.h"
#include "cli/judged_registry.h"
#include "cli/open_capture.h"
#include "cli/registry_commands.h"
#include "judge/cases/export_workloads.h"
#include "judge/run/workload_maker.h"
#include "registry/bindings/table_source.h"
#include "registry/store/error.h"

namespace fib::cli {
namespace {

constexpr double kToolPatience = 10;  ///< times --timeout: what a tool may take for a trial

using judge::Gpu;
using judge::Job;
using judge::JobOutcome;

class BenchVerb : public Verb {
 public:
  std::string name() const override { return "bench"; }
  std::string summary() const override {
    return "Judge a registry's candidates on the launches of a capture, or on its Workloads";
  }
  std::string details() const override {
    return "Launches in the capture's windows that a binding describes become cases: of each\n"
           "Definition the smallest, the largest, the median and the hottest class of axes. Each\n"
           "candidate runs on each case in a process of its own, on exactly the memory that the\n"
           "engine gave to its kernel, against that kernel (docs/judge.md, docs/bench.md).\n"
           "What is not built is built first. Results are appended to the registry's traces as\n"
           "they come. All GPUs are used, one job at a time on each, among all processes of this\n"
           "machine.\n"
           "\n"
           "Without CAPTURE, with --workloads: on the registry's own Workloads. The Definition's\n"
           "run says what is right, if there is a Python with torch (FIB_PYTHON), else the\n"
           "baseline.\n"
           "\n"
           "Killed, it loses the trials under way; --resume goes on. Cases are kept, so a second\n"
           "bench is quick.\n"
           "\n"
           "Exit codes: 0 all candidates that were judged are correct; 1 one is not, or could not\n"
           "be tried; 2 there is nothing to judge; 3 capture or registry can't be read; 4 results\n"
           "can't be written.\n"
           "\n"
           "Example:\n"
           "  fib bench capture --registry registry/ --solution rmsnorm\n"
           "  fib bench --registry registry/ --workloads --definition rmsnorm";
  }
  void add_options(CLI::App& app) override {
    app.add_option("CAPTURE", path_, "The capture")->type_name("");
    app.add_option("--registry", registry_, "The registry")->type_name("DIR")->required();
    add_choice(app);
    add_measuring(app);
    add_tools(app);
    app.add_flag("--json", json_, "Print one JSON object");
  }

  int run(const Context& context) override try {
    check_tools(tools_);
    if (path_.empty()) return judge_workloads(context);
    choice_.refuse();
    const JudgedRegistry judged(registry_);
    const trace::Capture capture = open_capture(path_);
    print_findings(context, judged);
    const auto candidates =
        judge::candidates_of(judged.registry, name_pattern("--solution", solution_), incumbents_);
    if (candidates.empty())
      throw CliError(kExitUsage, registry_ + " has no Solution with a launch block" +
                                     (solution_.empty() ? "" : " that --solution accepts"));
    const std::vector<Gpu> gpus = judging_gpus(devices_);
    const judge::CaseSet cases = find_cases(capture, judged, candidates, gpus);
    for (const std::string& note : cases.notes) spdlog::warn("{}", printable(note));
    if (cases.cases.empty())
      throw CliError(kExitUsage, "no launch in a window of " + path_ +
                                     " can be judged; fib explain says which bindings apply");
    if (workloads_) export_cases(judged, cases);
    return judge_all(context, judged, judge::plan_jobs(candidates, cases.cases), gpus, cases);
  } catch (const registry::RegistryError& error) {
    throw CliError(kExitOutput, error.what());
  } catch (const trace::CaptureError& error) {
    throw CliError(kExitUnreadable, error.what());
  } catch (const std::system_error& error) {
    throw CliError(kExitUsage, std::string("a trial can't be started: ") + error.what());
  }

 private:
  using Candidates = std::vector<const registry::Stored<registry::Solution>*>;

  void add_choice(CLI::App& app) {
    app.add_option("--solution", solution_, "Only Solutions whose name matches")
        ->type_name("REGEX");
    app.add_option("--definition", definition_, "Only Definitions whose name matches")
        ->type_name("REGEX");
    app.add_flag("--all", all_, "Every class of axes, not four for each Definition");
    app.add_flag("--incumbent", incumbents_,
                 "Copies of incumbents, too (fib registry bind --incumbent-solution)");
    app.add_option("--cases", cases_, "Where cases are kept (default: .fib/cases in the registry)")
        ->type_name("DIR");
    app.add_flag("--resume", resume_, "Leave out what has a result on this GPU model already");
    app.add_option("--device", devices_, "Only these GPUs, by number")
        ->type_name("N,...")
        ->delimiter(',');
    app.add_flag("--force", force_, "Go on with another GPU or another driver than recorded");
    app.add_flag("--workloads", workloads_,
                 "Also write the cases to the registry as Workloads with their tensors; without "
                 "CAPTURE: judge on the Workloads that the registry has");
    choice_.add_options(app);
  }

  void add_measuring(CLI::App& app) {
    judge::TimingOptions& timing = options_.timing;
    app.add_flag("--no-timing", no_timing_,
                 "Correctness only; what passes leaves no Evaluation then");
    app.add_option("--fresh-runs", options_.fresh_runs, "Checks with inputs that nobody has seen")
        ->type_name("N")
        ->check(CLI::Range(0u, 1000u))
        ->capture_default_str();
    app.add_option("--seed", options_.seed, "Of fresh inputs and poisons")
        ->type_name("N")
        ->capture_default_str();
    app.add_option("--max-seconds", timing.max_seconds, "Of measuring, for each way of measuring")
        ->type_name("S")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--margin", timing.margin, "Ratios within 1 +- this make no difference")
        ->type_name("X")
        ->check(CLI::Range(0.0, 0.5))
        ->capture_default_str();
    app.add_option("--confidence", timing.confidence, "Of intervals")
        ->type_name("P")
        ->check(CLI::Range(0.5, 0.9999))
        ->capture_default_str();
    app.add_option("--timeout", options_.supervision.timeout_seconds,
                   "Seconds without progress after which a trial counts as hung")
        ->type_name("S")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--cache", options_.cache, "Where builds are (see fib registry build)")
        ->type_name("PATH");
  }

  void add_tools(CLI::App& app) {
    app.add_option("--sanitizer", tools_.sanitizer,
                   "Also run each candidate under compute-sanitizer: memcheck, racecheck, "
                   "initcheck or synccheck")
        ->type_name("TOOL")
        ->expected(0, 1)
        ->default_str("memcheck")
        ->check(CLI::IsMember({"memcheck", "racecheck", "initcheck", "synccheck"}));
    app.add_flag("--ncu", tools_.ncu, "Also profile each candidate with ncu");
  }

  void print_findings(const Context& context, const JudgedRegistry& judged) const {
    constexpr std::size_t kShown = 3;
    if (!json_)
      cli::print_findings(context, judged.findings.list(), registry::Level::Error, kShown);
  }

  [[nodiscard]] judge::CaseSet find_cases(const trace::Capture& capture,
                                          const JudgedRegistry& judged,
                                          const Candidates& candidates,
                                          const std::vector<Gpu>& gpus) const {
    const auto pattern = name_pattern("--definition", definition_);
    judge::CaseOptions options;
    options.root = place_of_cases(judged);
    options.wanted = [&](const std::string& definition) {
      return (!pattern || pattern(definition)) &&
             std::ranges::any_of(candidates, [&](const auto* candidate) {
               return candidate->record.definition == definition;
             });
    };
    options.choose = [this](const auto& classes) { return choose_classes(classes, all_); };
    options.lease = [&] { return lock_gpus(gpus); };
    options.say = [](const std::string& text) { spdlog::info("{}", printable(text)); };
    options.replay = replay_choice(options_.supervision.timeout_seconds, force_, devices_);
    try {
      return judge::make_cases(capture, *judged.table, options);
    } catch (const trace::CaptureError&) {
      throw;
    } catch (const std::system_error&) {
      throw;
    } catch (const std::runtime_error& error) {
      throw CliError(kExitOutput, error.what());
    }
  }

  [[nodiscard]] std::filesystem::path place_of_cases(const JudgedRegistry& judged) const {
    return cases_.empty() ? judged.registry.root() / ".fib" / "cases"
                          : std::filesystem::path(cases_);
  }

  int judge_workloads(const Context& context) {
    if (!workloads_)
      throw CliError(kExitUsage, "name a CAPTURE, or ask for --workloads of the registry");
    const JudgedRegistry judged(registry_, false);
    print_findings(context, judged);
    const std::vector<Gpu> gpus = judging_gpus(devices_);
    const WorkloadBench bench = find_workloads(judged.registry, choice_, solution_, definition_,
                                               place_of_cases(judged), options_);
    judge::CaseSet cases;
    cases.notes = bench.set.notes;
    for (const auto& planned : bench.set.cases) cases.cases.push_back(planned.subject);
    judge::WorkloadMaker maker(
        judged.registry, bench.options,
        [](const std::string& text) { spdlog::info("{}", printable(text)); },
        [&cases](const std::string& note) {
          spdlog::warn("{}", printable(note));
          cases.notes.push_back(note);
        });
    options_.prepare = [&maker](const judge::Job& job) { return maker.prepare(job); };
    return judge_all(context, judged, judge::plan_jobs(bench.candidates, bench.set.cases), gpus,
                     cases);
  }

  int judge_all(const Context& context, const JudgedRegistry& judged, const std::vector<Job>& jobs,
                const std::vector<Gpu>& gpus, const judge::CaseSet& cases) {
    options_.timing.enabled = !no_timing_;
    if (options_.cache.empty()) options_.cache = build_cache(judged.registry);
    const BenchBuilds builds(judged.registry, jobs, options_.cache);
    for (const std::string& line : builds.lines()) spdlog::warn("{}", printable(line));
    options_.trial = builds.before(judge::supervise_trial);
    tools_.seconds = kToolPatience * options_.supervision.timeout_seconds;
    if (tools_.any())
      options_.tools = [&](const judge::TrialRequest& request) {
        return run_tools(tools_, request, entries_of(judged.registry, request.solution));
      };
    options_.say = [](const std::string& text) { spdlog::info("{}", text); };
    BenchSummary summary;
    const std::vector<JobOutcome> outcomes = run_all(judged, jobs, gpus, summary.resumed);
    const std::size_t resumed = summary.resumed;
    summary = summarize(outcomes);
    summary.resumed = resumed;
    (json_ ? print_bench_json : print_bench)(context, cases, outcomes, summary);
    return summary.wrong + summary.not_tried > 0 ? kExitFinding : kExitOk;
  }

  /// Every job on each model of GPU.
  std::vector<JobOutcome> run_all(const JudgedRegistry& judged, const std::vector<Job>& jobs,
                                  const std::vector<Gpu>& gpus, std::size_t& resumed) {
    std::map<std::string, std::vector<Gpu>> models;
    for (const Gpu& gpu : gpus) models[gpu.name].push_back(gpu);
    const judge::DoneJobs done(judged.registry);
    std::vector<JobOutcome> all;
    for (const auto& [model, same] : models) {
      std::vector<Job> todo = jobs;
      if (resume_)
        resumed += std::erase_if(todo, [&](const Job& job) { return done.has(job, model); });
      std::size_t count = 0;
      options_.done = [&count, total = todo.size()](const JobOutcome& outcome) {
        spdlog::info("{}/{} {}", ++count, total, line_of(outcome));
      };
      auto outcomes = judge::run_jobs(todo, same, judged.registry, *judged.table, options_);
      std::ranges::move(outcomes, std::back_inserter(all));
    }
    return all;
  }

  /// Names of the kernels that a Solution launches.
  static std::vector<std::string> entries_of(const registry::Registry& registry,
                                             const std::string& solution) {
    std::vector<std::string> entries;
    registry::Findings unused;
    const auto candidate = registry::to_spec(*registry.solution(solution), unused);
    if (!candidate) return entries;
    for (const auto& kernel : candidate->launch.kernels) entries.push_back(kernel.entry);
    return entries;
  }

  static void export_cases(const JudgedRegistry& judged, const judge::CaseSet& cases) {
    const auto exported = judge::export_workloads(cases.cases, judged.registry, *judged.table);
    for (const std::string& note : exported.notes) spdlog::warn("{}", printable(note));
  }

  std::string path_, registry_, solution_, definition_, cases_;
  std::vector<int> devices_;
  bool all_ = false, incumbents_ = false, resume_ = false, force_ = false, workloads_ = false;
  bool no_timing_ = false, json_ = false;
  BenchTools tools_;
  WorkloadChoice choice_;
  judge::BenchOptions options_;
};

}  // namespace

std::unique_ptr<Verb> make_bench_verb() { return std::make_unique<BenchVerb>(); }

}  // namespace fib::cli
