// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "registry/match/code.h"
#include "registry/match/compile.h"
#include "registry/match/compiled.h"
#include "registry/match/problem.h"

/// From specifications to compiled ones. Each function adds to `problems` what it refuses, with the
/// pointer that docs/bindings.md gives the field in JSON, and then returns nothing.
namespace fib::match {

/// What is compiled into one table.
struct Compilation {
  std::vector<CompiledDefinition> definitions;
  std::map<std::string, std::uint32_t> definition_ids;
  CodePool code;
  Problems problems;
};

/// Which names expressions may use, beside the terms of the launch and constant axes.
struct Visible {
  SlotMask axes = 0, tensors = 0;
  bool workspace = false;
};

/// Compiles the expressions of one specification over one Definition's names.
class Expressions {
 public:
  Expressions(Compilation& compilation, const CompiledDefinition& definition, const Visible& names);

  /// An empty source gives none, without a problem.
  CodeRef compile(const std::string& pointer, const std::string& source);
  std::vector<CodeRef> compile_all(const std::string& pointer,
                                   const std::vector<std::string>& sources);

  /// What was named so far.
  [[nodiscard]] SlotMask used_axes() const { return used_axes_; }
  [[nodiscard]] SlotMask used_tensors() const { return used_tensors_; }

 private:
  Compilation& compilation_;
  Scope scope_;
  SlotMask used_axes_ = 0, used_tensors_ = 0;
};

[[nodiscard]] std::optional<CompiledDefinition> compile_definition(const DefinitionSpec& spec,
                                                                   Problems& problems);
[[nodiscard]] std::optional<CompiledRule> compile_rule(const RuleSpec& spec,
                                                       Compilation& compilation);
[[nodiscard]] std::optional<CompiledCandidate> compile_candidate(const CandidateSpec& spec,
                                                                 Compilation& compilation);
/// A candidate's launch but for the size of its workspace; `expressions` sees axes, tensors and, if
/// there is one, the workspace.
[[nodiscard]] LaunchProgram compile_launch(const LaunchSpec& spec, Expressions& expressions,
                                           Problems& problems);

/// The definition of this name, or null and a problem.
[[nodiscard]] const CompiledDefinition* find_definition(Compilation& compilation,
                                                        const std::string& name, std::uint32_t& id);

/// `pointer` (RFC 6901) with one more member or element.
[[nodiscard]] std::string below(const std::string& pointer, const std::string& key);
[[nodiscard]] std::string below(const std::string& pointer, std::size_t index);

}  // namespace fib::match
