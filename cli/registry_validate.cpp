// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <ostream>

#include "cli/registry_commands.h"
#include "cli/units.h"
#include "registry/validate/validate.h"

namespace fib::cli {
namespace {

using registry::Json;
using registry::Level;
using registry::ValidationReport;

constexpr std::size_t kShown = 3;  ///< findings of one rule in one file

class ValidateVerb : public Verb {
 public:
  std::string name() const override { return "validate"; }
  std::string summary() const override { return "Check a registry, without running any of it"; }
  std::string details() const override {
    return "Every finding names file, line, JSON pointer, what is wrong, what to do, and the rule\n"
           "in brackets. Exit code 1 if there is an error, with --strict also for a warning.\n"
           "\n"
           "Example:\n"
           "  fib registry validate registry/ --checks layout,workload";
  }
  void add_options(CLI::App& app) override {
    app.add_option("DIR", path_, "The registry")->type_name("")->required();
    app.add_flag("--json", json_, "Print one JSON object with all findings");
    app.add_option("--checks", groups_, "Only these groups of checks")
        ->type_name("GROUP,...")
        ->delimiter(',')
        ->check(CLI::IsMember(std::vector<std::string>(registry::kCheckGroups.begin(),
                                                       registry::kCheckGroups.end())));
    app.add_option("--op-type", op_types_, "Only Definitions of these types")
        ->type_name("TYPE,...")
        ->delimiter(',');
    app.add_option("--definition", definitions_, "Only these Definitions")
        ->type_name("NAME,...")
        ->delimiter(',');
    app.add_flag("--all", all_,
                 "Print every finding, those of level info and all of one rule in one file too");
    app.add_flag("--strict", strict_, "Exit code 1 for warnings too");
    app.add_flag("--follow-links", follow_links_,
                 "Read through links out of DIR, as a Hugging Face cache consists of");
  }
  int run(const Context& context) override {
    const registry::Registry opened = open_registry(path_, follow_links_);
    const ValidationReport report =
        registry::validate(opened, {{groups_.begin(), groups_.end()},
                                    {op_types_.begin(), op_types_.end()},
                                    {definitions_.begin(), definitions_.end()}});
    if (json_) {
      context.out << registry::to_text(json_of(report), 2) << '\n';
    } else {
      print(context, report);
    }
    const bool bad =
        report.count(Level::Error) > 0 || (strict_ && report.count(Level::Warning) > 0);
    return bad ? kExitFinding : kExitOk;
  }

 private:
  void print(const Context& context, const ValidationReport& report) const {
    print_findings(context, report.findings, all_ ? Level::Info : Level::Warning,
                   all_ ? 0 : kShown);
    context.out << format_count(report.definitions, "Definition") << ", "
                << format_count(report.solutions, "Solution") << ", "
                << format_count(report.workloads, "workload") << ", "
                << format_count(report.traces, "result") << ": "
                << format_count(report.count(Level::Error), "error") << ", "
                << format_count(report.count(Level::Warning), "warning") << ", "
                << format_count(report.count(Level::Info), "note") << '\n';
  }

  [[nodiscard]] Json json_of(const ValidationReport& report) const {
    Json findings = Json::array();
    for (const auto& finding : report.findings) findings.push_back(to_json(finding));
    return {{"registry", path_},
            {"definitions", report.definitions},
            {"solutions", report.solutions},
            {"workloads", report.workloads},
            {"traces", report.traces},
            {"errors", report.count(Level::Error)},
            {"warnings", report.count(Level::Warning)},
            {"infos", report.count(Level::Info)},
            {"findings", std::move(findings)}};
  }

  std::string path_;
  std::vector<std::string> groups_, op_types_, definitions_;
  bool json_ = false, all_ = false, strict_ = false, follow_links_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_registry_validate_verb() { return std::make_unique<ValidateVerb>(); }

}  // namespace fib::cli
