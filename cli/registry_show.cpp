// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "cli/registry_commands.h"
#include "cli/units.h"

namespace fib::cli {
namespace {

using registry::Axis;
using registry::Definition;
using registry::Json;
using registry::Named;
using registry::Registry;
using registry::Solution;
using registry::Stored;
using registry::TensorSpec;
using registry::Trace;

const Stored<Trace>* workload_of(const Registry& registry, const std::string& uuid) {
  const auto& all = registry.workloads();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& stored) {
    return stored.record.workload.uuid == uuid;
  });
  return found == all.end() ? nullptr : &*found;
}

std::string value_of(const Axis& axis) {
  switch (axis.kind) {
    case Axis::Kind::Const: return " = " + std::to_string(axis.value);
    case Axis::Kind::Expr: return " = " + axis.expression;
    case Axis::Kind::Var: break;
  }
  return "";
}

std::string type_of_tensor(const TensorSpec& tensor) {
  std::string text(registry::to_string(tensor.dtype));
  if (tensor.is_scalar()) return text;
  text += '[';
  for (std::size_t i = 0; i < tensor.shape->size(); ++i)
    text += (i > 0 ? ", " : "") + (*tensor.shape)[i];
  return text + ']';
}

void print_tensors(const Context& context, const char* title, const Named<TensorSpec>& tensors) {
  context.out << context.terminal.bold(title) << '\n';
  for (const auto& [name, tensor] : tensors) {
    context.out << "  " << printable(name + ": " + type_of_tensor(tensor));
    if (tensor.description)
      context.out << "  " << context.terminal.faint(printable(*tensor.description));
    context.out << '\n';
  }
}

void print_definition(const Context& context, const Registry& registry,
                      const Stored<Definition>& stored) {
  const Definition& definition = stored.record;
  const Terminal& terminal = context.terminal;
  context.out << terminal.bold(printable(definition.name))
              << printable("  (" + definition.op_type + ", " + stored.file) << ")\n";
  if (definition.description) context.out << printable(*definition.description, true) << '\n';
  context.out << terminal.bold("axes") << '\n';
  for (const auto& [name, axis] : definition.axes) {
    context.out << "  " << printable(name + value_of(axis));
    if (axis.description) context.out << "  " << terminal.faint(printable(*axis.description));
    context.out << '\n';
  }
  print_tensors(context, "inputs", definition.inputs);
  print_tensors(context, "outputs", definition.outputs);
  if (!definition.constraints.empty()) context.out << terminal.bold("constraints") << '\n';
  for (const std::string& constraint : definition.constraints) {
    context.out << "  " << printable(constraint) << '\n';
  }
  context.out << format_count(registry.workloads_of(definition.name).size(), "workload") << ", "
              << format_count(registry.traces_of(definition.name).size(), "result") << '\n';
  const auto solutions = registry.solutions_of(definition.name);
  if (!solutions.empty()) context.out << terminal.bold("solutions") << '\n';
  for (const auto* solution : solutions)
    context.out << "  " << printable(solution->record.name) << '\n';
}

void print_solution(const Context& context, const Registry& registry,
                    const Stored<Solution>& stored) {
  const Solution& solution = stored.record;
  const Terminal& terminal = context.terminal;
  context.out << terminal.bold(printable(solution.name)) << printable("  (" + stored.file) << ")\n";
  if (solution.description) context.out << printable(*solution.description, true) << '\n';
  context.out << "  definition    " << printable(solution.definition) << "\n  author        "
              << printable(solution.author) << "\n  language      "
              << registry::kLanguageNames[static_cast<std::size_t>(solution.spec.language)]
              << "\n  entry point   " << printable(solution.spec.entry_point)
              << "\n  content hash  " << solution.content_hash() << "\n  for          ";
  for (const std::string& hardware : solution.spec.target_hardware)
    context.out << ' ' << printable(hardware);
  context.out << '\n' << terminal.bold("sources") << '\n';
  for (const auto& source : solution.sources) {
    context.out << "  " << printable(source.path) << "  " << format_bytes(source.content.size())
                << '\n';
  }
  const auto& traces = registry.traces();
  const auto count = std::count_if(traces.begin(), traces.end(), [&](const auto& trace) {
    return trace.record.solution == solution.name;
  });
  context.out << format_count(static_cast<std::size_t>(count), "result") << '\n';
}

class ShowVerb : public Verb {
 public:
  std::string name() const override { return "show"; }
  std::string summary() const override {
    return "Show one Definition, Solution or workload of a registry";
  }
  std::string details() const override {
    return "NAME is a Definition's or a Solution's name, or a workload's uuid. --json prints the\n"
           "record as it is stored, members that fib does not know included.";
  }
  void add_options(CLI::App& app) override {
    app.add_option("DIR", path_, "The registry")->type_name("")->required();
    app.add_option("NAME", name_, "What to show")->type_name("")->required();
    app.add_flag("--json", json_, "Print the record as JSON");
  }
  int run(const Context& context) override {
    const Registry registry = open_registry(path_);
    if (const auto* stored = registry.definition(name_)) {
      if (json_) return print_json(context, to_json(stored->record));
      print_definition(context, registry, *stored);
    } else if (const auto* solution = registry.solution(name_)) {
      if (json_) return print_json(context, to_json(solution->record));
      print_solution(context, registry, *solution);
    } else if (const auto* workload = workload_of(registry, name_)) {
      return print_json(context, to_json(workload->record));
    } else {
      throw CliError(kExitUsage, '"' + name_ + "\" is no Definition, Solution or workload of " +
                                     path_ + "; fib registry list shows the names");
    }
    return kExitOk;
  }

 private:
  static int print_json(const Context& context, const Json& json) {
    context.out << registry::to_text(json, 2) << '\n';
    return kExitOk;
  }

  std::string path_, name_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_registry_show_verb() { return std::make_unique<ShowVerb>(); }

}  // namespace fib::cli
