// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "cli/terminal.h"

namespace CLI {
class App;
}

namespace fib::cli {

/// What every verb gets to work with.
struct Context {
  std::ostream& out;                 ///< results; log messages go to stderr by spdlog
  Terminal terminal;                 ///< how to write to `out`
  std::vector<std::string> command;  ///< what followed `--`
};

/// One verb of the tool.
class Verb {
 public:
  Verb() = default;
  virtual ~Verb() = default;
  Verb(const Verb&) = delete;
  Verb& operator=(const Verb&) = delete;

  [[nodiscard]] virtual std::string name() const = 0;
  /// One line for the list of verbs.
  [[nodiscard]] virtual std::string summary() const = 0;
  /// What follows the options in the help: behaviour, exit codes, examples. Plain text in lines.
  [[nodiscard]] virtual std::string details() const = 0;
  [[nodiscard]] virtual bool takes_command() const { return false; }

  /// Adds the verb's options; they are bound to members of the verb.
  virtual void add_options(CLI::App& app) = 0;
  /// Runs after parsing. Returns the exit code; throws CliError.
  virtual int run(const Context& context) = 0;
};

using VerbFactory = std::unique_ptr<Verb> (*)();

std::unique_ptr<Verb> make_record_verb();
std::unique_ptr<Verb> make_run_verb();
std::unique_ptr<Verb> make_qualify_verb();
std::unique_ptr<Verb> make_ctl_verb();
std::unique_ptr<Verb> make_info_verb();
std::unique_ptr<Verb> make_ls_verb();
std::unique_ptr<Verb> make_dump_verb();
std::unique_ptr<Verb> make_doctor_verb();
std::unique_ptr<Verb> make_audit_verb();
std::unique_ptr<Verb> make_export_verb();
std::unique_ptr<Verb> make_registry_verb();
std::unique_ptr<Verb> make_explain_verb();
std::unique_ptr<Verb> make_trim_verb();
std::unique_ptr<Verb> make_recover_verb();
std::unique_ptr<Verb> make_strip_verb();
std::unique_ptr<Verb> make_replay_verb();
std::unique_ptr<Verb> make_extract_verb();
std::unique_ptr<Verb> make_timeline_verb();
std::unique_ptr<Verb> make_bench_verb();
std::unique_ptr<Verb> make_trial_verb();
std::unique_ptr<Verb> make_rank_verb();
std::unique_ptr<Verb> make_compare_verb();
std::unique_ptr<Verb> make_report_verb();

}  // namespace fib::cli
