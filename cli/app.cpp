// SPDX-License-Identifier: Apache-2.0
#include "cli/app.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>

#include "cli/exit_codes.h"
#include "cli/reference.h"

namespace fib::cli {
namespace {

const char* const kExitCodes =
    "Exit codes:\n"
    "  0    ok\n"
    "  1    a finding: a difference, a failed check\n"
    "  2    wrong usage, or something must be set up first; the message says what\n"
    "  3    the capture or registry can't be read\n"
    "  4    results can't be written\n"
    "record and audit pass on the exit code of a command that fails: its own, 128 + N\n"
    "when signal N ended it, 127 when it can't be started.";

const std::map<std::string, ColorMode> kColorModes = {
    {"auto", ColorMode::Auto}, {"always", ColorMode::Always}, {"never", ColorMode::Never}};

/// The parser with its verbs. CLI11 keeps references to members, so it stays where it is.
struct App {
  CLI::App parser{"See every CUDA kernel that a program runs: record, look, check.", "fib"};
  std::vector<std::unique_ptr<Verb>> verbs;
  std::vector<CLI::App*> parsers;  ///< of the verbs
  ColorMode color = ColorMode::Auto;
  bool markdown = false;

  App(std::span<const VerbFactory> factories, std::vector<std::string>& command) {
    parser.set_help_all_flag("--help-all", "Print the help of all verbs and exit");
    parser.set_version_flag("--version", "fib " FIB_VERSION, "Print the version and exit");
    parser
        .add_option("--color", color,
                    "Colours: only on a terminal and without NO_COLOR (auto), always, or never")
        ->type_name("WHEN")
        ->transform(CLI::CheckedTransformer(kColorModes).description(""))
        ->default_str("auto");
    parser.add_flag("--help-markdown", markdown, "Print docs/cli.md")->group("");
    parser.require_subcommand(0, 1);
    parser.footer(kExitCodes);
    for (const VerbFactory factory : factories) add(factory(), command);
  }

  void add(std::unique_ptr<Verb> verb, std::vector<std::string>& command) {
    CLI::App* sub = parser.add_subcommand(verb->name(), verb->summary());
    verb->add_options(*sub);
    const auto is_positional = [](const CLI::Option* option) { return option->get_positional(); };
    if (verb->takes_command() && sub->get_options(is_positional).empty()) {
      // Words before `--` land here; what follows it never reaches the parser.
      sub->add_option("CMD", command, "The command and its arguments, after --")->type_name("");
    }
    sub->footer(verb->details());
    parsers.push_back(sub);
    verbs.push_back(std::move(verb));
  }

  [[nodiscard]] Verb* chosen() const {
    for (std::size_t i = 0; i < verbs.size(); ++i) {
      if (parsers[i]->parsed()) return verbs[i].get();
    }
    return nullptr;
  }
};

void set_up_log(ColorMode color) {
  const auto mode = color == ColorMode::Always  ? spdlog::color_mode::always
                    : color == ColorMode::Never ? spdlog::color_mode::never
                                                : spdlog::color_mode::automatic;
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>(mode);
  auto logger = std::make_shared<spdlog::logger>("fib", std::move(sink));
  logger->set_pattern("fib: %^%l%$: %v");
  spdlog::set_default_logger(std::move(logger));
}

// Everything from the first `--` on is the command's business: the parser must not see its options.
std::vector<std::string> split_command(std::vector<std::string>& arguments) {
  const auto mark = std::find(arguments.begin(), arguments.end(), "--");
  if (mark == arguments.end()) return {};
  std::vector<std::string> command(mark + 1, arguments.end());
  arguments.erase(mark, arguments.end());
  return command;
}

int parse(App& app, std::vector<std::string> arguments, std::ostream& out) try {
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  app.parser.parse(arguments);
  return -1;
} catch (const CLI::ParseError& error) {
  // Help and version are "errors" of code 0, printed on `out`.
  const int code = app.parser.exit(error, out, std::cerr);
  return code == 0 ? kExitOk : kExitUsage;
}

int run_verb(App& app, const std::vector<std::string>& command, std::ostream& out) {
  if (app.markdown) {
    out << reference_page(app.parser);
    return kExitOk;
  }
  Verb* verb = app.chosen();
  if (verb == nullptr) {
    out << app.parser.help();
    return kExitUsage;
  }
  if (!command.empty() && !verb->takes_command()) {
    throw CliError(kExitUsage, verb->name() + " runs no command: leave out `--` and what follows");
  }
  const int code = verb->run({out, Terminal::of_stdout(app.color), command});
  out.flush();
  if (!out)
    throw CliError(kExitOutput, "the results can't be written to stdout: is the disk full?");
  return code;
}

}  // namespace

int run_app(std::span<const VerbFactory> verbs, const std::vector<std::string>& arguments,
            std::ostream& out) try {
  set_up_log(ColorMode::Auto);
  std::vector<std::string> own = arguments;
  const std::vector<std::string> tail = split_command(own);
  std::vector<std::string> command;
  App app(verbs, command);
  const int code = parse(app, std::move(own), out);
  if (code >= 0) return code;
  set_up_log(app.color);
  command.insert(command.end(), tail.begin(), tail.end());
  return run_verb(app, command, out);
} catch (const CliError& error) {
  spdlog::error("{}", error.what());
  return error.code();
} catch (const std::exception& error) {
  spdlog::error("{}; please report this as a bug", error.what());
  return kExitUsage;
}

}  // namespace fib::cli
