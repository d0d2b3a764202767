// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "registry/draft/fields.h"
#include "registry/model/json.h"

namespace fib::registry {

/// The member "draft" of a drafted binding: what was seen, for whoever completes it.
[[nodiscard]] Json draft_notes(const ObservedKernel& kernel,
                               const std::vector<ParameterField>& fields,
                               const std::vector<std::string>& alternatives);

/// Constants that are worth a condition: "param(2, 0, i32) == 1000", and of values that are no
/// plain numbers (handles, hashes) nothing. `used` are expressions that stand elsewhere.
[[nodiscard]] std::vector<std::string> constant_conditions(
    const std::vector<ParameterField>& fields, const std::vector<std::string>& used);

}  // namespace fib::registry
