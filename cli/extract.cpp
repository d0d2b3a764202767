// SPDX-License-Identifier: Apache-2.0
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <ostream>
#include <system_error>

#include "cli/exit_codes.h"
#include "cli/names.h"
#include "cli/units.h"
#include "cli/verb.h"
#include "replayer/supervisor.h"

namespace fib::cli {
namespace {

using Json = nlohmann::json;

class ExtractVerb : public Verb {
 public:
  std::string name() const override { return "extract"; }
  std::string summary() const override {
    return "Take one launch out of a window, as a small capture that replays";
  }
  std::string details() const override {
    return "Replays the window up to the launch, with which fib replay --json numbers it, and\n"
           "writes a capture with that launch alone: its image, its parameters, the memory\n"
           "that it can get at, and what it changes. Memory is found through addresses in the\n"
           "parameters and, one level on, in the memory there. The extract is replayed before\n"
           "it counts as done; if it does not give the same bytes, it is written again with\n"
           "everything that can be reached over any number of levels.\n"
           "\n"
           "Exit codes: 0 the extract replays; 1 it does not; 2 the launch can't be extracted\n"
           "or the window not be replayed here; 3 the capture can't be read.\n"
           "\n"
           "Example:\n"
           "  fib extract capture --launch 1207 -o one-launch";
  }
  void add_options(CLI::App& app) override {
    app.add_option("CAPTURE", target_, "The capture")->type_name("")->required();
    app.add_option("--launch", launch_, "Number of the launch in the window")
        ->type_name("N")
        ->check(CLI::PositiveNumber)
        ->required();
    app.add_option("-o,--output", output_, "Directory of the extract; must be new or empty")
        ->type_name("DIR")
        ->required();
    app.add_option("--process", process_, "The process, as fib info names it")->type_name("NAME");
    app.add_option("--window", window_, "The window; without it the first")->type_name("N");
    app.add_option("--timeout", supervision_.timeout_seconds,
                   "Seconds without progress after which the replay counts as hung")
        ->type_name("S")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_flag("--force", options_.force, "Go on with another GPU or another driver");
  }

  int run(const Context& context) override {
    options_.extracts = {{launch_, std::filesystem::absolute(output_).string()}};
    options_.gpu_times = false;
    Json extract = write();
    std::string verdict = check();
    if (!replays(verdict)) {
      spdlog::warn(
          "the extract does not replay ({}): writing it again with all memory that can be "
          "reached",
          verdict);
      options_.extract_widely = true;
      std::filesystem::remove_all(options_.extracts.front().to);
      extract = write();
      verdict = check();
    }
    print(context, extract, verdict);
    return replays(verdict) ? kExitOk : kExitFinding;
  }

 private:
  static bool replays(const std::string& verdict) {
    return verdict == "exact" || verdict == "nondeterministic";
  }

  [[nodiscard]] Json supervised(const replayer::ReplayTarget& target,
                                const replayer::ReplayOptions& options) const {
    try {
      return Json::parse(replayer::supervise(target, options, supervision_));
    } catch (const std::system_error& error) {
      throw CliError(kExitUsage, std::string("the replay can't be started: ") + error.what());
    } catch (const Json::exception&) {
      throw CliError(kExitFinding, "the replay left no report; does fib replay work?");
    }
  }

  [[nodiscard]] Json write() const {
    const Json report = supervised({target_, process_, window_}, options_);
    const auto status = report.at("status").get<std::string>();
    const auto message = report.at("message").get<std::string>();
    if (status == "unreadable") throw CliError(kExitUnreadable, message);
    if (status == "refused" || status == "address taken") throw CliError(kExitUsage, message);
    if (status != "done") throw CliError(kExitFinding, "the replay " + status + ": " + message);
    return report;
  }

  /// What a replay of the extract says.
  [[nodiscard]] std::string check() const {
    replayer::ReplayOptions options;
    options.gpu_times = false;
    options.force = options_.force;
    const Json report = supervised({options_.extracts.front().to, "", 0}, options);
    if (report.at("status") != "done") return report.at("message").get<std::string>();
    return report.at("outcome").at("verdict").get<std::string>();
  }

  void print(const Context& context, const Json& extract, const std::string& verdict) const {
    const Json& launch = extract.at("launches").at(0);
    const Json& written = extract.at("extracts").at(0);
    const auto name =
        extract.at("kernels").value(std::to_string(launch.at("kernel").get<std::uint64_t>()), "?");
    context.out << output_ << ": launch " << launch_ << ", " << short_name(demangle(name))
                << ", with " << format_count(written.at("pages").get<std::uint64_t>(), "page")
                << " of " << format_count(written.at("regions").get<std::uint64_t>(), "region")
                << "; its replay is " << verdict << '\n';
  }

  std::string target_, process_, output_;
  std::uint32_t window_ = 0;
  std::uint64_t launch_ = 0;
  replayer::ReplayOptions options_;
  replayer::Supervision supervision_;
};

}  // namespace

std::unique_ptr<Verb> make_extract_verb() { return std::make_unique<ExtractVerb>(); }

}  // namespace fib::cli
