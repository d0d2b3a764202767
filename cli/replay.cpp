// SPDX-License-Identifier: Apache-2.0
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <system_error>

#include "cli/exit_codes.h"
#include "cli/locate.h"
#include "cli/replay_table.h"
#include "cli/verb.h"
#include "replayer/supervisor.h"

namespace fib::cli {
namespace {

using replayer::ReplayOptions;
using Json = nlohmann::json;

const std::map<std::string, ReplayOptions::Verify> kLevels = {
    {"none", ReplayOptions::Verify::None},
    {"window", ReplayOptions::Verify::Window},
    {"launch", ReplayOptions::Verify::Launch}};

/// "0=1": what was device 0 is device 1 here.
std::map<int, int> parse_device_map(const std::vector<std::string>& pairs) {
  std::map<int, int> map;
  for (const std::string& pair : pairs) {
    int recorded = -1, here = -1, end = 0;
    const bool whole = std::sscanf(pair.c_str(), "%d=%d%n", &recorded, &here, &end) == 2 &&
                       static_cast<std::size_t>(end) == pair.size();
    if (!whole || recorded < 0 || here < 0)
      throw CliError(kExitUsage, "--device-map takes RECORDED=HERE, as in 0=1, not '" + pair + "'");
    map[recorded] = here;
  }
  return map;
}

class ReplayVerb : public Verb {
 public:
  std::string name() const override { return "replay"; }
  std::string summary() const override {
    return "Run a recorded window again, and compare every byte";
  }
  std::string details() const override {
    return "Brings the memory of a window back at its addresses in a process of its own, runs\n"
           "every operation again in its order and compares what memory holds then with what\n"
           "it held in the recording. Runs that differ from each other are called\n"
           "nondeterministic, runs that agree on something else a mismatch.\n"
           "\n"
           "--verify launch compares after every launch, runs each one twice from the same\n"
           "input, and tells the first that diverges. --verify none only runs and measures.\n"
           "\n"
           "Exit codes: 0 nothing mismatches; 1 something does, or the replay failed or hung;\n"
           "2 it can't be replayed here, the message says why; 3 the capture can't be read.\n"
           "\n"
           "Example:\n"
           "  fib replay capture --verify launch";
  }
  void add_options(CLI::App& app) override {
    app.add_option("CAPTURE", target_, "The capture")->type_name("")->required();
    app.add_option("--process", process_, "The process, as fib info names it")->type_name("NAME");
    app.add_option("--window", window_, "The window; without it the first")->type_name("N");
    app.add_option("--verify", options_.verify, "How to compare: none, window or launch")
        ->type_name("LEVEL")
        ->transform(CLI::CheckedTransformer(kLevels).description(""))
        ->default_str("window");
    app.add_option("--times", options_.times, "How often to run the window")
        ->type_name("K")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    app.add_option("--timeout", supervision_.timeout_seconds,
                   "Seconds without progress after which the replay counts as hung")
        ->type_name("S")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--device-map", device_map_, "Use device HERE for what was RECORDED")
        ->type_name("RECORDED=HERE");
    app.add_flag("--force", options_.force,
                 "Go on with another GPU, another driver or pages that are missing");
    app.add_flag("--json", json_, "Print everything as one JSON object");
  }

  int run(const Context& context) override {
    options_.device_map = parse_device_map(device_map_);
    if (const auto cupti = find_cupti(); !cupti.empty())
      ::setenv("FIB_CUPTI_LIBRARY", cupti.c_str(), 0);
    const replayer::ReplayTarget target{target_, process_, window_};
    const Json report = Json::parse(supervise(target), nullptr, false);
    if (!report.is_object())
      throw CliError(kExitFinding, "the replay left no report; run it again with --verify none");
    if (json_)
      context.out << report.dump(2) << '\n';
    else if (report.at("status") == "done")
      print_replay(context, report);
    return judge(report);
  }

 private:
  [[nodiscard]] std::string supervise(const replayer::ReplayTarget& target) const {
    try {
      return replayer::supervise(target, options_, supervision_);
    } catch (const std::system_error& error) {
      throw CliError(kExitUsage, std::string("the replay can't be started: ") + error.what());
    }
  }

  static int judge(const Json& report) {
    const auto status = report.at("status").get<std::string>();
    const auto message = report.at("message").get<std::string>();
    if (status == "unreadable") throw CliError(kExitUnreadable, message);
    if (status == "refused" || status == "address taken") throw CliError(kExitUsage, message);
    if (status != "done") throw CliError(kExitFinding, "the replay " + status + ": " + message);
    return replay_is_clean(report) ? kExitOk : kExitFinding;
  }

  std::string target_, process_;
  std::uint32_t window_ = 0;
  ReplayOptions options_;
  replayer::Supervision supervision_;
  std::vector<std::string> device_map_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_replay_verb() { return std::make_unique<ReplayVerb>(); }

}  // namespace fib::cli
