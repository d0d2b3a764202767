// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "registry/match/spec.h"
#include "registry/model/object.h"

namespace fib::registry {

/// What a result's speedup is a speedup over.
enum class Baseline {
  Incumbent,  ///< the kernel that the engine would run: our "fibshim" member of a Performance
  Reference   ///< upstream's speedup_factor over the Definition's Python reference
};

struct DefinitionPolicy {
  match::Policy match;
  Baseline baseline = Baseline::Incumbent;
};

/// bindings/policies.json, our form of upstream's ApplyConfigRegistry.
struct Policies {
  DefinitionPolicy fallback;  ///< "default": for Definitions that are not named
  std::map<std::string, DefinitionPolicy> per_definition;
  /// "demoted": Solutions that are not to be used whatever was measured, and why, in one line.
  std::map<std::string, std::string> demoted;

  [[nodiscard]] const DefinitionPolicy& of(const std::string& definition) const;
};

inline constexpr const char* kPoliciesFile = "bindings/policies.json";

/// Reads policies; a Definition's members replace those of the default. What is wrong becomes an
/// error, and that policy is off: nobody shall be surprised by a default instead.
[[nodiscard]] Policies read_policies(const Json& value, Findings& findings);

}  // namespace fib::registry
