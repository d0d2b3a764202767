// SPDX-License-Identifier: Apache-2.0
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <ostream>
#include <set>

#include "cli/capture_facts.h"
#include "cli/exit_codes.h"
#include "cli/perfetto.h"
#include "cli/progress.h"
#include "cli/units.h"
#include "cli/verb.h"
#include "cli/workload_export.h"
#include "trace/capture.h"

namespace fib::cli {
namespace {

/// The events of a trace as they come, in one JSON array; nothing is kept.
class EventFile {
 public:
  explicit EventFile(const std::string& path) : path_(path), file_(path, std::ios::trunc) {
    if (!file_) {
      throw CliError(kExitOutput, "'" + path + "' can't be written: " + std::strerror(errno));
    }
    file_ << "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n";
  }
  void add(const std::string& json) {
    if (events_++ > 0) file_ << ",\n";
    file_ << json;
  }
  void close() {
    file_ << "\n]}\n";
    file_.close();
    if (!file_)
      throw CliError(kExitOutput, "'" + path_ + "' could not be written: is the disk full?");
  }
  [[nodiscard]] std::uint64_t events() const { return events_; }

 private:
  std::string path_;
  std::ofstream file_;
  std::uint64_t events_ = 0;
};

class ExportVerb : public Verb {
 public:
  std::string name() const override { return "export"; }
  std::string summary() const override { return "Write a capture in a format of other tools"; }
  std::string details() const override {
    return "--perfetto writes a time line in the Chrome trace format, which\n"
           "https://ui.perfetto.dev and chrome://tracing open: the driver calls of every\n"
           "thread with their arguments, live memory as counters, deviations as instants. It\n"
           "shows the host's side: when calls were made, not when kernels ran.\n"
           "\n"
           "--workloads writes launches in the capture's windows that a binding of the registry\n"
           "describes as Workloads of it, with what their inputs held. Which of them, is the\n"
           "policy's: keep_all; keep_first; keep_first_k; keep_first_k_by_axes; attention (by\n"
           "average lengths); frequency (the K classes of axes that ran most often); farthest (K\n"
           "that lie far from each other). All are of each Definition.\n"
           "\n"
           "Exit codes: 0; 1 no Workload came of it; 2 wrong usage; 3 the capture or registry "
           "can't\n"
           "be read; 4 the file or registry can't be written.\n"
           "\n"
           "Examples:\n"
           "  fib export capture --perfetto timeline.json\n"
           "  fib export capture --workloads registry/ --policy frequency -k 8 --budget 2G";
  }
  void add_options(CLI::App& app) override {
    app.add_option("CAPTURE", path_, "The capture")->type_name("")->required();
    auto* const perfetto = app.add_option("--perfetto", perfetto_, "File to write the time line to")
                               ->type_name("FILE");
    auto* const workloads =
        app.add_option("--workloads", workloads_.registry, "Registry to write Workloads to")
            ->type_name("DIR")
            ->excludes(perfetto);
    add_workload_options(app, workloads);
  }

  int run(const Context& context) override {
    if (!workloads_.registry.empty()) return export_captured(context, path_, workloads_);
    if (perfetto_.empty())
      throw CliError(kExitUsage, "say what to write: --perfetto FILE or --workloads DIR");
    const CaptureFacts facts = read_capture(path_);
    const trace::Capture capture = trace::open_capture(path_);
    EventFile file(perfetto_);
    Progress progress("writing " + perfetto_);
    std::set<std::uint64_t> pids;
    for (const trace::ProcessLog& log : capture.processes) {
      const auto process =
          std::find_if(facts.processes.begin(), facts.processes.end(),
                       [&](const ProcessFacts& other) { return other.directory == log.name; });
      if (process == facts.processes.end()) continue;  // it came after we had looked
      // Two processes may have had the same number, one after the other or on different machines.
      std::uint64_t pid = process->process.pid;
      while (!pids.insert(pid).second) pid += 1u << 24;
      write(log, *process, pid, origin(facts), file, progress);
    }
    file.close();
    context.out << format_count(file.events(), "event") << " in " << perfetto_
                << ": open it with https://ui.perfetto.dev\n";
    return kExitOk;
  }

 private:
  void add_workload_options(CLI::App& app, CLI::Option* workloads) {
    app.add_option("--policy", workloads_.policy, "Which launches")
        ->type_name("NAME")
        ->needs(workloads)
        ->capture_default_str();
    app.add_option("-k", workloads_.k, "How many, where the policy has a number")
        ->type_name("K")
        ->check(CLI::PositiveNumber)
        ->needs(workloads)
        ->capture_default_str();
    app.add_option("--budget", workloads_.budget, "Of tensors: bytes, or with K, M, G or T")
        ->type_name("SIZE")
        ->needs(workloads)
        ->capture_default_str();
    app.add_option("--definition", workloads_.definition, "Only Definitions whose name matches")
        ->type_name("REGEX")
        ->needs(workloads);
    app.add_option("--cases", workloads_.cases, "Keep the extracts here, as fib bench does")
        ->type_name("DIR")
        ->needs(workloads);
    app.add_option("--device", workloads_.devices, "Replay on these GPUs, by number")
        ->type_name("N,...")
        ->delimiter(',')
        ->needs(workloads);
    app.add_option("--timeout", workloads_.timeout_seconds,
                   "Seconds without progress after which a replay counts as hung")
        ->type_name("S")
        ->check(CLI::PositiveNumber)
        ->needs(workloads)
        ->capture_default_str();
    app.add_flag("--force", workloads_.force, "Go on with another GPU or another driver")
        ->needs(workloads);
  }

  static std::uint64_t origin(const CaptureFacts& facts) {
    std::uint64_t first = UINT64_MAX;
    for (const ProcessFacts& process : facts.processes) {
      if (process.clock.start_unix_ns() > 0) first = std::min(first, process.clock.start_unix_ns());
    }
    return first == UINT64_MAX ? 0 : first;
  }

  static void write(const trace::ProcessLog& log, const ProcessFacts& process, std::uint64_t pid,
                    std::uint64_t origin_unix_ns, EventFile& file, Progress& progress) {
    LogNames names;
    (void)trace::read_log_file(log.log, names);  // read_capture() has said what is wrong with it
    const std::uint64_t start = process.clock.start_unix_ns();
    const double offset = start > 0 ? static_cast<double>(start - origin_unix_ns) : 0;
    PerfettoEvents events(names, pid, offset, [&](const std::string& json) {
      progress.advance();
      file.add(json);
    });
    const std::string command = process.text("command");
    events.name_process(command.empty() ? log.name : log.name + ": " + command);
    (void)trace::read_log_file(log.log, events);
    events.name_threads();
    events.memory(process.memory);
  }

  std::string path_, perfetto_;
  WorkloadExport workloads_;
};

}  // namespace

std::unique_ptr<Verb> make_export_verb() { return std::make_unique<ExportVerb>(); }

}  // namespace fib::cli
