// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "registry/model/python_signature.h"
#include "registry/store/layout.h"
#include "registry/validate/checks.h"

namespace fib::registry {
namespace {

bool is_python(Language language) {
  return language == Language::Python || language == Language::Triton ||
         language == Language::TileLang;
}

std::size_t arguments_of(const Definition& definition, const Solution& solution) {
  const std::size_t inputs = definition.inputs.size();
  return solution.spec.destination_passing_style ? inputs + definition.outputs.size() : inputs;
}

void check_python_entry(const Definition& definition, const Solution& solution,
                        const SourceFile& file, Reporter& reporter) {
  const std::string symbol(solution.spec.entry_symbol());
  const PythonSource source = scan_python(file.content);
  const PythonFunction* const function = source.find(symbol);
  if (!source.error.empty()) {
    reporter.warning("solution.source", "/sources", file.path + ": " + source.error,
                     "correct the source");
  } else if (function == nullptr) {
    reporter.warning("solution.entry-point", "/spec/entry_point",
                     file.path + " has no top-level function " + symbol,
                     "define it, or correct the entry point");
  } else if (!function->binds(arguments_of(definition, solution))) {
    const bool style = solution.spec.destination_passing_style;
    reporter.error("solution.signature", "/spec/entry_point",
                   symbol + " can't be called with " +
                       std::to_string(arguments_of(definition, solution)) + " arguments (inputs" +
                       (style ? " and outputs)" : ")"),
                   "correct its parameters, or \"destination_passing_style\"");
  }
}

// The symbol may come out of a macro, so its name anywhere is good enough.
void check_native_entry(const Solution& solution, Reporter& reporter) {
  const std::string symbol(solution.spec.entry_symbol());
  for (const SourceFile& file : solution.sources) {
    if (file.content.find(symbol) != std::string::npos) return;
  }
  reporter.warning("solution.entry-point", "/spec/entry_point",
                   "no source contains " + in_quotes(symbol),
                   "define it, or correct the entry point");
}

void check_entry(const Definition& definition, const Solution& solution, Reporter& reporter) {
  const SourceFile* const file = solution.source(solution.spec.entry_file());
  if (file == nullptr) return;
  if (is_python(solution.spec.language)) {
    check_python_entry(definition, solution, *file, reporter);
  } else {
    check_native_entry(solution, reporter);
  }
}

void check_names(const Solution& solution, Reporter& reporter) {
  for (const auto& [pointer, name] :
       {std::pair("/name", &solution.name), std::pair("/author", &solution.author)}) {
    if (is_path_component(*name)) continue;
    reporter.warning("solution.name", pointer, in_quotes(*name) + " can't be a file's name",
                     "use letters, digits, _ and -");
  }
}

}  // namespace

void check_solutions(const Subject& subject, Findings& findings) {
  std::map<std::string, std::string> names;  // by content hash
  for (const Stored<Solution>* stored : subject.solutions) {
    Reporter reporter(findings, *stored);
    check_names(stored->record, reporter);
    check_entry(subject.definition(), stored->record, reporter);
    const auto [place, is_new] = names.emplace(stored->record.content_hash(), stored->record.name);
    if (is_new) continue;
    reporter.warning("solution.same-content", "",
                     "has the content hash of " + in_quotes(place->second) +
                         ", so that upstream builds only one of them",
                     "remove one, or tell them apart in the sources");
  }
}

}  // namespace fib::registry
