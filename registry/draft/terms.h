// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "registry/draft/fields.h"

namespace fib::registry {

/// Something of a launch that could be the size of something: an expression, and its values.
struct SizeTerm {
  std::string expression;
  std::vector<std::int64_t> values;  ///< by launch, all positive
  bool is_geometry = false;

  [[nodiscard]] bool is_constant() const;
};

/// Grid and block, as expressions name them; only terms that are not 1 everywhere.
[[nodiscard]] std::vector<SizeTerm> geometry_terms(const ObservedKernel& kernel);
/// Parameters that could be sizes.
[[nodiscard]] std::vector<SizeTerm> parameter_terms(const std::vector<ParameterField>& fields);

/// What varying terms have to do with each other in all launches: "grid.x == ceil_div(param(2, 0,
/// i32), 256)", equal, a multiple. Nothing is said that a single value would show, too.
[[nodiscard]] std::vector<std::string> relations(const std::vector<SizeTerm>& terms);

}  // namespace fib::registry
