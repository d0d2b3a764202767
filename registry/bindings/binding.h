// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "registry/match/spec.h"
#include "registry/model/object.h"

namespace fib::registry {

/// A binding as its file has it (docs/bindings.md). `rule` is all that counts; the rest is kept for
/// writing it again.
struct Binding {
  match::RuleSpec rule;
  std::optional<std::string> description;
  Members members, match_members, kernel_members;
  std::map<std::string, Members> tensors;  ///< of inputs and outputs written as objects, by pointer
};

/// Reads one binding. Nothing if it has errors; names and expressions are checked only when a table
/// is built. `rule.origin` is for the caller to set.
[[nodiscard]] std::optional<Binding> read_binding(const Json& value, Findings& findings);
[[nodiscard]] Json to_json(const Binding& binding);

/// bindings/<op_type>/<definition>/<name>.json
[[nodiscard]] std::string binding_file(const Binding& binding, const std::string& op_type);

}  // namespace fib::registry
