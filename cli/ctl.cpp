// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/control_client.h"
#include "cli/exit_codes.h"
#include "cli/units.h"
#include "cli/verb.h"
#include "trace/window_spec.h"

namespace fib::cli {
namespace {

using trace::ControlCommand;
using trace::ControlResult;
using trace::ControlState;

const char* state_name(ControlState state) {
  switch (state) {
    case ControlState::Idle: return "recording, no window";
    case ControlState::Armed: return "recording, waits for a window's trigger";
    case ControlState::Asked: return "a window is to begin";
    case ControlState::Open: return "in a window";
    case ControlState::Closing: return "a window is to end";
  }
  return "unknown";
}

class CtlVerb : public Verb {
 public:
  std::string name() const override { return "ctl"; }
  std::string summary() const override {
    return "Begin or end a window, or steer redirection, in a running process";
  }
  std::string details() const override {
    return "PID is a process that runs under `fib record` and has launched a kernel, or one with\n"
           "FIBSHIM_MODE=apply or shadow that has used the GPU.\n"
           "\n"
           "A window begins and ends at the process's next driver call; `start` and `stop` wait\n"
           "for it. --window takes what ends the window and its budgets, in the words of\n"
           "docs/configuration.md; without it `stop` ends it.\n"
           "\n"
           "`reload` reads the registry again and swaps it in while the process runs; if it can't\n"
           "be used, the old one stays. `demote NAME` takes a candidate out of this process for\n"
           "good. `off` makes all launches the originals, at once (graphs at their next launch);\n"
           "`on` undoes it.\n"
           "\n"
           "Exit codes: 1 if the process refused, or did not answer in time.\n"
           "\n"
           "Examples:\n"
           "  fib ctl 4711 status\n"
           "  fib ctl 4711 window start --window launches=1000,verify=window\n"
           "  fib ctl 4711 window stop\n"
           "  fib ctl 4711 reload\n"
           "  fib ctl 4711 demote fused_rmsnorm\n"
           "  fib ctl 4711 off";
  }

  void add_options(CLI::App& app) override {
    app.add_option("PID", pid_, "The process")->required()->type_name("");
    app.add_option("WHAT", words_,
                   "status, window start, window stop, reload, demote NAME, off, or on")
        ->required()
        ->expected(1, 2)
        ->type_name("");
    app.add_option("--window", spec_, "For start: what ends the window")->type_name("SPEC");
    app.add_option("--timeout", seconds_, "Seconds to wait for an answer")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.1, 86400.0))
        ->capture_default_str();
  }

  int run(const Context& context) override {
    if (is("status")) return status(context.out);
    if (is("window", "start"))
      return request(context.out, ControlCommand::Start, spec_, "the window has begun");
    if (is("window", "stop"))
      return request(context.out, ControlCommand::Stop, "", "the window has ended");
    if (is("reload")) return request(context.out, ControlCommand::Reload, "", "reloaded");
    if (is("off")) return request(context.out, ControlCommand::Off, "", "off");
    if (is("on")) return request(context.out, ControlCommand::On, "", "on");
    if (words_.size() == 2 && words_[0] == "demote" && !words_[1].empty())
      return request(context.out, ControlCommand::Demote, words_[1], "demoted");
    throw CliError(kExitUsage,
                   "ctl knows `status`, `window start`, `window stop`, `reload`, `demote NAME`, "
                   "`off` and `on`");
  }

 private:
  template <class... Words>
  bool is(Words... words) const {
    return words_ == std::vector<std::string>{words...};
  }

  int status(std::ostream& out) {
    const ControlClient::Status status = ControlClient(pid_).status();
    out << "process " << pid_ << ": ";
    if (status.mode == trace::ControlMode::Record)
      recording(out, status);
    else
      redirection(out, status);
    if (!status.text.empty()) out << "note: " << status.text << '\n';
    return kExitOk;
  }

  static void recording(std::ostream& out, const ControlClient::Status& status) {
    out << state_name(status.state) << '\n' << "windows: " << status.windows << '\n';
    if (status.windows == 0) return;
    out << "launches in the last one: " << format_count(status.launches) << '\n'
        << "stored: " << format_bytes(status.stored_bytes) << '\n'
        << "last pause: " << format_duration(static_cast<double>(status.pause_ns)) << '\n';
  }

  static void redirection(std::ostream& out, const ControlClient::Status& status) {
    out << (status.mode == trace::ControlMode::Shadow ? "compares launches with candidates (shadow)"
                                                      : "redirects launches (apply)")
        << (status.is_off ? ", switched off" : "") << '\n'
        << "generation: " << status.generation << '\n'
        << "candidates: " << status.candidates << ", of which ready: " << status.ready << '\n'
        << status.report;
  }

  int request(std::ostream& out, ControlCommand command, const std::string& argument,
              const char* done) {
    check_spec(command);
    ControlClient client(pid_);
    const auto limit = std::chrono::milliseconds(static_cast<std::int64_t>(seconds_ * 1000));
    const ControlClient::Answer answer = client.request(command, argument, limit);
    if (answer.result == ControlResult::Done) {
      out << (answer.text.empty() ? done : answer.text) << '\n';
      return kExitOk;
    }
    if (answer.result == ControlResult::Refused)
      throw CliError(kExitFinding, "process " + std::to_string(pid_) + " refused: " + answer.text);
    const ControlClient::Status status = client.status();
    const bool records = status.mode == trace::ControlMode::Record;
    const char* const why = records ? ": the process makes no driver calls; the request stays"
                                    : ": the process is stopped, or still at it; the request stays";
    throw CliError(
        kExitFinding,
        "no answer within " + format_duration(seconds_ * 1e9) +
            (status.text.empty() || !records ? why : "; the process says: " + status.text));
  }

  void check_spec(ControlCommand command) const {
    if (spec_.empty()) return;
    trace::WindowSpec spec;
    std::string error;
    if (command != ControlCommand::Start)
      throw CliError(kExitUsage, "--window belongs to `window start`");
    if (!trace::parse_window_spec(spec_, spec, error))
      throw CliError(kExitUsage, "--window '" + spec_ + "': " + error);
    if (spec.start != trace::WindowStart::Control)
      throw CliError(kExitUsage,
                     "--window '" + spec_ + "': the window begins now; leave out at-...");
  }

  int pid_ = 0;
  std::vector<std::string> words_;
  std::string spec_;
  double seconds_ = 30;
};

}  // namespace

std::unique_ptr<Verb> make_ctl_verb() { return std::make_unique<CtlVerb>(); }

}  // namespace fib::cli
