// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <ostream>

#include "cli/exit_codes.h"
#include "cli/verb.h"
#include "judge/trial/trial.h"
#include "judge/wire.h"
#include "replayer/error.h"

namespace fib::cli {
namespace {

class TrialVerb : public Verb {
 public:
  std::string name() const override { return "trial"; }
  std::string summary() const override { return "Judge one candidate on one case in this process"; }
  std::string details() const override {
    return "What a child of fib bench does, for tools that look into a process: a debugger,\n"
           "compute-sanitizer, ncu. Prints the result as one JSON object. fib bench --json shows\n"
           "cases; a request is a JSON object with the members of judge/trial_request.h.\n"
           "\n"
           "Exit codes: 0 the candidate passed, or is not applicable; 1 it did not; 2 it can't be\n"
           "tried here, say because an address is taken in this process: run it again.\n"
           "\n"
           "Example:\n"
           "  cuda-gdb --args fib trial --request request.json";
  }
  void add_options(CLI::App& app) override {
    app.add_option("--request", path_, "What to do")->type_name("FILE")->required();
  }
  int run(const Context& context) override {
    judge::TrialResult result;
    try {
      replayer::Progress progress;
      result = judge::run_trial(read(), progress);
    } catch (const std::runtime_error& error) {
      throw CliError(kExitUsage, error.what());
    }
    context.out << registry::to_text(judge::to_json(result), 2) << '\n';
    const bool good = !result.applicable || result.status == registry::Status::Passed;
    return good ? kExitOk : kExitFinding;
  }

 private:
  [[nodiscard]] judge::TrialRequest read() const try {
    std::ifstream file(path_);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const registry::ParsedJson parsed = registry::parse_json(text);
    if (!parsed.ok()) throw std::runtime_error("is not accepted as JSON: " + parsed.error);
    judge::TrialRequest request = judge::request_of(parsed.value);
    const char* const cache = std::getenv("FIB_CACHE_PATH");
    if (request.cache.empty() && cache != nullptr) request.cache = cache;
    return request;
  } catch (const std::runtime_error& error) {
    throw CliError(kExitUsage, path_ + ": " + error.what());
  }

  std::string path_;
};

}  // namespace

std::unique_ptr<Verb> make_trial_verb() { return std::make_unique<TrialVerb>(); }

}  // namespace fib::cli
