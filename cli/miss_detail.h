// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "registry/match/match_table.h"

namespace fib::cli {

/// Says what exactly spoke against redirecting a launch. The table only has the reason, so the
/// binding's own texts are looked at again, one by one, until the one that failed is found.
class MissDetail {
 public:
  /// `spec` is what the table was built from, and outlives this.
  explicit MissDetail(const match::TableSpec& spec);

  /// One clause about a decision that is no hit, made by `rule`; empty if there is nothing to add
  /// to the reason. `gpu` as in the lookup.
  [[nodiscard]] std::string text(const match::Decision& decision, const match::CompiledRule& rule,
                                 const match::LaunchView& launch, const std::string& gpu) const;

 private:
  const match::TableSpec& spec_;
  std::map<std::string, const match::RuleSpec*> rules_;  ///< by origin and name
  std::map<std::string, const match::DefinitionSpec*> definitions_;
};

}  // namespace fib::cli
