// SPDX-License-Identifier: Apache-2.0
#include "dispatch/source/causes.h"

#include <algorithm>
#include <string_view>

#include "dispatch/source/names.h"

namespace fib::dispatch {
namespace {

/// Whether something was wrong with the record NAME below this folder.
bool is_reported(const registry::Findings& findings, std::string_view folder,
                 std::string_view name) {
  return std::any_of(findings.list().begin(), findings.list().end(), [&](const auto& finding) {
    return component(finding.file, 0) == folder && stem_of(finding.file) == name;
  });
}

/// 'b' of "a 'b' c".
std::string_view name_in(std::string_view message) {
  const std::size_t begin = message.find('\'');
  if (begin == std::string_view::npos) return "";
  return message.substr(begin + 1, message.find('\'', begin + 1) - begin - 1);
}

}  // namespace

registry::Findings causes(const registry::Findings& found, const registry::Findings& records) {
  registry::Findings causes;
  for (const registry::Finding& finding : found.list()) {
    const std::string_view name = name_in(finding.message);
    const bool names_definition = finding.pointer == "/definition";
    const bool names_solution = finding.pointer.empty() && finding.rule == "binding.compile";
    if (names_definition && is_reported(records, "definitions", name)) continue;
    if (names_solution && is_reported(records, "solutions", name)) continue;
    if (names_solution && is_reported(found, "solutions", name)) continue;
    causes.add(finding);
  }
  return causes;
}

}  // namespace fib::dispatch
