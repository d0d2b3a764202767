// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <map>
#include <ostream>
#include <set>

#include "cli/registry_commands.h"
#include "cli/table.h"
#include "cli/units.h"

namespace fib::cli {
namespace {

using registry::Json;
using registry::Registry;
using registry::Status;
using registry::Stored;

/// What the traces say about one Solution.
struct Results {
  std::size_t passed = 0, failed = 0;
  std::set<std::string> hardware;
};

std::map<std::string, Results> results_by_solution(const Registry& registry) {
  std::map<std::string, Results> results;
  for (const Stored<registry::Trace>& trace : registry.traces()) {
    Results& one = results[*trace.record.solution];
    const registry::Evaluation& evaluation = *trace.record.evaluation;
    ++(evaluation.status == Status::Passed ? one.passed : one.failed);
    one.hardware.insert(evaluation.environment.hardware);
  }
  return results;
}

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "-" : text;
}

std::string text(const Json& row, const char* key) {
  return printable(row[key].get<std::string>());
}

class ListVerb : public Verb {
 public:
  std::string name() const override { return "list"; }
  std::string summary() const override { return "List what a registry holds"; }
  std::string details() const override {
    return "One line for each Definition: workloads, Solutions, results, type and name. With\n"
           "--solutions, one line for each Solution: results that passed and that did not, the\n"
           "GPUs they come from, language, Definition and name.";
  }
  void add_options(CLI::App& app) override {
    app.add_option("DIR", path_, "The registry")->type_name("")->required();
    app.add_flag("--solutions", solutions_, "List Solutions instead of Definitions");
    app.add_option("--op-type", op_type_, "Only Definitions of this type, and their Solutions")
        ->type_name("TYPE");
    app.add_flag("--json", json_, "Print a JSON array");
  }
  int run(const Context& context) override {
    const Registry registry = open_registry(path_);
    const std::vector<Json> rows = solutions_ ? solutions(registry) : definitions(registry);
    if (json_) {
      context.out << registry::to_text(Json(rows), 2) << '\n';
    } else if (solutions_) {
      print_solutions(context, rows);
    } else {
      print_definitions(context, rows);
    }
    if (const std::size_t errors = registry.findings().count(registry::Level::Error); errors > 0) {
      context.out << (json_ ? ""
                            : format_count(errors, "record") +
                                  " did not load: fib registry validate " + path_ + '\n');
    }
    return kExitOk;
  }

 private:
  [[nodiscard]] bool wanted(const Registry& registry, const std::string& definition) const {
    const auto* const stored = registry.definition(definition);
    return op_type_.empty() || (stored != nullptr && stored->record.op_type == op_type_);
  }

  [[nodiscard]] std::vector<Json> definitions(const Registry& registry) const {
    std::vector<Json> rows;
    for (const auto& [record, file, line] : registry.definitions()) {
      if (!wanted(registry, record.name)) continue;
      rows.push_back({{"name", record.name},
                      {"op_type", record.op_type},
                      {"workloads", registry.workloads_of(record.name).size()},
                      {"solutions", registry.solutions_of(record.name).size()},
                      {"traces", registry.traces_of(record.name).size()},
                      {"file", file}});
    }
    return rows;
  }

  [[nodiscard]] std::vector<Json> solutions(const Registry& registry) const {
    std::vector<Json> rows;
    const auto results = results_by_solution(registry);
    for (const auto& [record, file, line] : registry.solutions()) {
      if (!wanted(registry, record.definition)) continue;
      const auto found = results.find(record.name);
      const Results one = found == results.end() ? Results() : found->second;
      const auto language = static_cast<std::size_t>(record.spec.language);
      rows.push_back({{"name", record.name},
                      {"definition", record.definition},
                      {"author", record.author},
                      {"language", registry::kLanguageNames[language]},
                      {"passed", one.passed},
                      {"failed", one.failed},
                      {"hardware", one.hardware},
                      {"content_hash", record.content_hash()},
                      {"file", file}});
    }
    return rows;
  }

  static void print_definitions(const Context& context, const std::vector<Json>& rows) {
    Table table({{"workloads"},
                 {"solutions"},
                 {"results"},
                 {"type", Table::Align::Left},
                 {"definition", Table::Align::Left}});
    for (const Json& row : rows) {
      table.add({format_count(row["workloads"].get<std::size_t>()),
                 format_count(row["solutions"].get<std::size_t>()),
                 format_count(row["traces"].get<std::size_t>()), text(row, "op_type"),
                 text(row, "name")});
    }
    table.print(context.out, context.terminal);
  }

  static void print_solutions(const Context& context, const std::vector<Json>& rows) {
    Table table({{"passed"},
                 {"failed"},
                 {"measured on", Table::Align::Left},
                 {"language", Table::Align::Left},
                 {"definition", Table::Align::Left},
                 {"solution", Table::Align::Left}});
    for (const Json& row : rows) {
      table.add({format_count(row["passed"].get<std::size_t>()),
                 format_count(row["failed"].get<std::size_t>()),
                 printable(joined(row["hardware"].get<std::set<std::string>>())),
                 text(row, "language"), text(row, "definition"), text(row, "name")});
    }
    table.print(context.out, context.terminal);
  }

  std::string path_, op_type_;
  bool solutions_ = false, json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_registry_list_verb() { return std::make_unique<ListVerb>(); }

}  // namespace fib::cli
