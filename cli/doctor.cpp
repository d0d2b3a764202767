// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>

#include "cli/child_process.h"
#include "cli/doctor_checks.h"
#include "cli/exit_codes.h"
#include "cli/facts_json.h"
#include "cli/locate.h"
#include "cli/recording.h"
#include "cli/temporary_directory.h"
#include "cli/units.h"
#include "cli/verb.h"

namespace fib::cli {
namespace {

std::string mark(const Terminal& terminal, Health health) {
  const std::string word = std::string(to_string(health)) + (health == Health::Ok ? "  " : "");
  switch (health) {
    case Health::Ok: return terminal.green(word);
    case Health::Warn: return terminal.yellow(word);
    case Health::Fail: return terminal.red(word);
  }
  return word;
}

void print(const Context& context, const std::vector<Check>& checks) {
  std::size_t width = 0;
  for (const Check& check : checks) width = std::max(width, check.name.size());
  for (const Check& check : checks) {
    const std::string space(width - check.name.size(), ' ');
    context.out << mark(context.terminal, check.health) << "  " << context.terminal.bold(check.name)
                << space << "  " << check.text;
    if (!check.remedy.empty()) context.out << "; " << check.remedy;
    context.out << '\n';
  }
}

Check describe_reached(const ProcessFacts& process) {
  const std::string command = process.text("command");
  std::string text = format_count(process.launches, "launch") + ", " +
                     format_count(process.graph_launches, "graph launch") + ": " +
                     (command.empty() ? process.directory : command);
  return {"pid " + std::to_string(process.process.pid), Health::Ok, std::move(text), ""};
}

nlohmann::ordered_json to_json(const std::vector<Check>& checks) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Check& check : checks) {
    list.push_back({{"name", check.name},
                    {"health", to_string(check.health)},
                    {"text", check.text},
                    {"remedy", check.remedy}});
  }
  return list;
}

class DoctorVerb : public Verb {
 public:
  std::string name() const override { return "doctor"; }
  std::string summary() const override {
    return "Check the machine, and whether the shim reaches a command's processes";
  }
  std::string details() const override {
    return "One line for each check: ok, warn or fail, what was found, what to do. With a\n"
           "command: runs it under the shim into a temporary capture, and tells for each\n"
           "process that launched a kernel what was recorded. Exits with 1 if a check fails\n"
           "or nothing was recorded.\n"
           "\n"
           "Example:\n"
           "  fib doctor -- torchrun --nproc-per-node 2 train.py";
  }
  bool takes_command() const override { return true; }
  void add_options(CLI::App& app) override {
    app.add_option("-o,--output", directory_, "Where captures are to be written")
        ->type_name("DIR")
        ->default_str(directory_);
    app.add_flag("--json", json_, "Print a JSON array of the checks");
  }

  int run(const Context& context) override {
    std::vector<Check> checks = check_machine(directory_);
    if (!json_) print(context, checks);
    if (!context.command.empty()) {
      context.out.flush();  // before the command writes
      const std::vector<Check> reached =
          try_command(context.command, json_ ? StdoutTo::Stderr : StdoutTo::Stdout);
      if (!json_) print(context, reached);
      checks.insert(checks.end(), reached.begin(), reached.end());
    }
    if (json_) context.out << to_text(to_json(checks), 2) << '\n';
    const bool failed = std::any_of(checks.begin(), checks.end(), [](const Check& check) {
      return check.health == Health::Fail;
    });
    return failed ? kExitFinding : kExitOk;
  }

 private:
  [[nodiscard]] static std::vector<Check> try_command(const std::vector<std::string>& command,
                                                      StdoutTo stdout_to) {
    std::vector<Check> checks = {check_program(command)};
    const TemporaryDirectory capture("fib-doctor");
    Environment environment;
    try {
      environment.preload({find_shim().string()});
    } catch (const CliError&) {
      return checks;  // check_shim() has said it
    }
    ShimSettings settings;
    settings.directory = capture.path();
    apply(settings, environment);
    const ChildResult result = run_child(command, std::move(environment), stdout_to);
    const bool clean = result.start_error == 0 && result.exit_code == 0;
    checks.push_back({"command", clean ? Health::Ok : Health::Fail, describe(result),
                      clean ? "" : "see what it says without the shim"});
    add_reached(capture.path(), checks);
    return checks;
  }

  static void add_reached(const std::filesystem::path& capture, std::vector<Check>& checks) {
    if (process_names(capture).empty()) {
      checks.push_back(
          {"reached", Health::Fail, "no process launched a kernel through the shim",
           "does it run on the GPU at all? If so, something on the way clears LD_PRELOAD "
           "(sudo, env -i, containers, job launchers): export it there, or put the shim's "
           "path into /etc/ld.so.preload"});
      return;
    }
    for (const ProcessFacts& process : read_capture(capture.string()).processes) {
      checks.push_back(describe_reached(process));
    }
  }

  std::string directory_ = ".";
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_doctor_verb() { return std::make_unique<DoctorVerb>(); }

}  // namespace fib::cli
