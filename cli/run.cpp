// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <optional>

#include "cli/child_process.h"
#include "cli/deployed_run.h"
#include "cli/exit_codes.h"
#include "cli/hit_rate_printer.h"
#include "cli/recording.h"
#include "cli/temporary_directory.h"
#include "cli/verb.h"

namespace fib::cli {
namespace {

class RunVerb : public Verb {
 public:
  std::string name() const override { return "run"; }
  std::string summary() const override {
    return "Run a command with a registry's winners in place of its kernels";
  }
  std::string details() const override {
    return "Runs CMD with libfibshim.so in front of LD_PRELOAD and FIBSHIM_MODE=apply, its "
           "children\n"
           "too. Launches for which the registry holds a proven better Solution go to that, all\n"
           "others to the driver as they came (docs/redirect.md). Nothing is compiled: what\n"
           "`fib registry build` has not made is not used. Exit code and stdout are CMD's.\n"
           "\n"
           "At the end stderr says how many launches and graph nodes were redirected, by which\n"
           "Solutions, and why the others were not. A graph's nodes count when they are set, not\n"
           "at each launch of the graph.\n"
           "\n"
           "With --require-hits the exit code is 5 if CMD succeeded and nothing was redirected.\n"
           "\n"
           "Examples:\n"
           "  fib run --registry starter/ -- python serve.py\n"
           "  fib run --registry starter/ --shadow -- python serve.py";
  }
  bool takes_command() const override { return true; }

  void add_options(CLI::App& app) override {
    app.add_option("--registry", registry_, "The registry")->type_name("DIR")->required();
    app.add_flag("--shadow", deployment_.shadow,
                 "Compare launches with candidates and replace nothing (docs/shadow.md)");
    app.add_option("--demote", deployment_.demoted, "Do not use these Solutions")
        ->type_name("NAME,...")
        ->delimiter(',');
    app.add_option("--process", deployment_.process,
                   "Only in processes whose command line matches this regular expression")
        ->type_name("REGEX");
    app.add_option("--config", deployment_.config, "The shim's configuration file (JSON)")
        ->type_name("FILE")
        ->check(CLI::ExistingFile);
    app.add_option("--report", report_,
                   "Keep each process's counters here, for fib explain --report; %p is its number "
                   "(added at the end if missing)")
        ->type_name("FILE");
    app.add_flag("--require-hits", require_hits_, "Fail if nothing was redirected");
    app.add_flag("--no-summary", quiet_, "Say nothing at the end");
  }

  int run(const Context& context) override {
    require_command(context.command, name());
    check_regex("--process", deployment_.process);
    deployment_.registry = deployed_registry(registry_);
    if (!deployment_.config.empty()) {
      deployment_.config = std::filesystem::absolute(deployment_.config).string();
    }
    std::optional<TemporaryDirectory> own;
    if (report_.empty()) own.emplace("fib-run");
    deployment_.report = report_name(own ? own->path() / "report" : std::filesystem::path(report_));
    Environment environment;
    deploy(deployment_, environment);

    const ChildResult result = run_child(context.command, std::move(environment));
    if (result.start_error != 0) {
      throw CliError(kExitCantStart, "'" + context.command.front() + "' " + describe(result));
    }
    if (result.signal != 0)
      std::cerr << "fib: the command was ended by " << describe(result) << '\n';
    const HitRate rate = hit_rate_of(read_reports(deployment_.report));
    const std::uint64_t hits = deployment_.shadow ? rate.shadowed : rate.redirected();
    if (!quiet_) print_hit_rate(std::cerr, rate, {registry_, deployment_.shadow});
    return require_hits_ && hits == 0 && result.exit_code == 0 ? kExitNoHits : result.exit_code;
  }

 private:
  /// One file for each process. An old one would be taken for one of this run.
  [[nodiscard]] static std::string report_name(const std::filesystem::path& given) {
    std::string name = std::filesystem::absolute(given).string();
    if (given.filename().string().find("%p") == std::string::npos) name += ".%p";
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(name).parent_path(), error);
    if (!read_reports(name).empty()) {
      throw CliError(kExitUsage, "--report " + given.string() +
                                     ": reports of this name are there already; remove them, or "
                                     "choose another name");
    }
    return name;
  }

  Deployment deployment_;
  std::string registry_, report_;
  bool require_hits_ = false, quiet_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_run_verb() { return std::make_unique<RunVerb>(); }

}  // namespace fib::cli
