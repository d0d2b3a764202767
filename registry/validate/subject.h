// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "registry/store/registry.h"

namespace fib::registry {

/// One Definition with all that refers to it: what a check looks at.
struct Subject {
  const Registry& registry;
  const Stored<Definition>& stored;
  std::vector<const Stored<Solution>*> solutions;
  std::vector<const Stored<Trace>*> workloads;
  std::vector<const Stored<Trace>*> traces;

  Subject(const Registry& all, const Stored<Definition>& definition)
      : registry(all),
        stored(definition),
        solutions(all.solutions_of(definition.record.name)),
        workloads(all.workloads_of(definition.record.name)),
        traces(all.traces_of(definition.record.name)) {}

  [[nodiscard]] const Definition& definition() const { return stored.record; }
};

/// Adds findings about one record.
class Reporter {
 public:
  template <typename Record>
  Reporter(Findings& findings, const Stored<Record>& stored)
      : findings_(findings), file_(stored.file), line_(stored.line) {}

  void error(const char* rule, std::string pointer, std::string message, std::string remedy) {
    add(Level::Error, rule, std::move(pointer), std::move(message), std::move(remedy));
  }
  void warning(const char* rule, std::string pointer, std::string message, std::string remedy) {
    add(Level::Warning, rule, std::move(pointer), std::move(message), std::move(remedy));
  }
  void info(const char* rule, std::string pointer, std::string message, std::string remedy) {
    add(Level::Info, rule, std::move(pointer), std::move(message), std::move(remedy));
  }

 private:
  void add(Level level, const char* rule, std::string pointer, std::string message,
           std::string remedy) {
    findings_.add(
        {level, rule, file_, line_, std::move(pointer), std::move(message), std::move(remedy)});
  }

  Findings& findings_;
  const std::string& file_;
  std::size_t line_;
};

/// '"name"'.
[[nodiscard]] inline std::string in_quotes(std::string_view name) {
  return '"' + std::string(name) + '"';
}

}  // namespace fib::registry
