// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "cli/child_process.h"
#include "cli/exit_codes.h"
#include "cli/locate.h"
#include "cli/recording.h"
#include "cli/units.h"
#include "cli/verb.h"

namespace fib::cli {
namespace {

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string losses(const CaptureFacts& capture) {
  std::vector<std::string> parts;
  const std::uint64_t drops = capture.sum(&ProcessFacts::dropped_records);
  if (drops > 0) parts.push_back(format_count(drops, "dropped record"));
  if (capture.deviations() > 0) parts.push_back(format_count(capture.deviations(), "deviation"));
  return parts.empty() ? "nothing dropped, no deviations" : join(parts) + " (fib info tells)";
}

void summarize(const CaptureFacts& capture, const std::string& directory,
               const std::vector<std::string>& command) {
  if (capture.processes.empty()) {
    std::cerr << "fib: nothing was recorded: no process launched a kernel through the shim.\n"
              << "fib: to see why, run: fib doctor -- " << quoted(command) << '\n';
    return;
  }
  const std::uint64_t graphs = capture.sum(&ProcessFacts::graph_launches);
  std::vector<std::string> counts = {format_count(capture.processes.size(), "process"),
                                     format_count(kernel_rows(capture).size(), "kernel"),
                                     format_count(capture.sum(&ProcessFacts::launches), "launch")};
  if (graphs > 0) counts.push_back(format_count(graphs, "graph launch"));
  std::uint64_t windows = 0;
  for (const ProcessFacts& process : capture.processes) windows += process.windows.size();
  if (windows > 0) counts.push_back(format_count(windows, "window"));
  counts.push_back(format_bytes(capture.log_bytes + capture.store_bytes + capture.page_bytes));
  std::cerr << "fib: recorded " << join(counts) << " in " << directory << '\n'
            << "fib: " << losses(capture) << '\n';
}

class RecordVerb : public Verb {
 public:
  std::string name() const override { return "record"; }
  std::string summary() const override { return "Run a command and record every kernel launch"; }
  std::string details() const override {
    return "Runs CMD with libfibshim.so in front of LD_PRELOAD, in CMD's own environment\n"
           "otherwise. SIGINT, SIGTERM, SIGHUP and SIGQUIT are handed on; the exit code is\n"
           "CMD's. A summary goes to stderr at the end. The shim is $FIBSHIM_LIB, or\n"
           "../lib/libfibshim.so beside the tool.\n"
           "\n"
           "Example:\n"
           "  fib record -o capture -- python generate.py --tokens 64";
  }
  bool takes_command() const override { return true; }

  void add_options(CLI::App& app) override {
    app.add_option("-o,--output", directory_, "Directory of the capture; must be new or empty")
        ->type_name("DIR")
        ->required();
    app.add_flag("--append", append_, "Add to a capture that is already there");
    app.add_option("--filter", settings_.filter,
                   "Record only kernels whose mangled name matches this regular expression")
        ->type_name("REGEX");
    app.add_option("--process", settings_.process,
                   "Record only processes whose command line matches this regular expression")
        ->type_name("REGEX");
    app.add_option("--window", settings_.window,
                   "Record a window that can be replayed, such as at-launch=100,launches=50; "
                   "docs/configuration.md tells the words")
        ->type_name("SPEC");
    app.add_option("--config", settings_.config, "The shim's configuration file (JSON)")
        ->type_name("FILE");
    app.add_option("--mode", settings_.mode, "FIBSHIM_MODE for the command")
        ->type_name("MODE")
        ->default_str(settings_.mode);
    app.add_flag("--no-summary", quiet_, "Do not read the capture for a summary at the end");
  }

  int run(const Context& context) override {
    require_command(context.command, name());
    check_regex("--filter", settings_.filter);
    check_regex("--process", settings_.process);
    check_window("--window", settings_.window);
    Environment environment;
    environment.preload({find_shim().string()});
    watch_ranges(environment);
    if (!settings_.config.empty()) settings_.config = absolute_config();
    settings_.directory = prepare_capture(directory_, append_);
    apply(settings_, environment);
    const std::set<std::string> before = process_names(settings_.directory);

    const ChildResult result = run_child(context.command, std::move(environment));
    if (result.start_error != 0) {
      std::error_code ignored;
      std::filesystem::remove(settings_.directory, ignored);  // only if it is empty
      throw CliError(kExitCantStart, "'" + context.command.front() + "' " + describe(result));
    }
    if (result.signal != 0)
      std::cerr << "fib: the command was ended by " << describe(result) << '\n';
    if (!quiet_) summarize(read_new(before), directory_, context.command);
    return result.exit_code;
  }

 private:
  [[nodiscard]] std::string absolute_config() const {
    std::error_code error;
    if (!std::filesystem::is_regular_file(settings_.config, error)) {
      throw CliError(kExitUsage, "--config '" + settings_.config + "' is not a file");
    }
    return std::filesystem::absolute(settings_.config).string();
  }

  /// NVTX hands its ranges to one library; a profiler's goes first.
  void watch_ranges(Environment& environment) const {
    constexpr const char* kVariable = "NVTX_INJECTION64_PATH";
    if (settings_.window.find("at-range=") == std::string::npos) return;
    if (const auto other = environment.get(kVariable); !other || other->empty())
      environment.set(kVariable, find_shim().string());
    else
      std::cerr << "fib: " << kVariable << " is set: NVTX ranges go to " << *other
                << ", and no window will begin at one\n";
  }

  // The command's exit code counts more than a capture that can't be read.
  [[nodiscard]] CaptureFacts read_new(const std::set<std::string>& before) const try {
    if (process_names(settings_.directory).empty()) return {};
    return read_capture(settings_.directory.string(),
                        [&](const std::string& process) { return !before.contains(process); });
  } catch (const CliError& error) {
    std::cerr << "fib: " << error.what() << '\n';
    return {};
  }

  ShimSettings settings_;
  std::string directory_;
  bool append_ = false, quiet_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_record_verb() { return std::make_unique<RecordVerb>(); }

}  // namespace fib::cli
