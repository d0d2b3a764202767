// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "registry/draft/observation.h"
#include "registry/match/spec.h"
#include "registry/model/solution.h"

namespace fib::registry {

/// Code of the kernel, as it was recorded.
struct IncumbentCode {
  enum class Kind { Cubin, Simulated, Ptx } kind = Kind::Cubin;
  std::string bytes;
};

/// A Solution, or why there can be none.
struct Incumbent {
  std::optional<Solution> solution;
  std::string problem;  ///< one clause; empty if there is one
};

inline constexpr const char* kIncumbentAuthor = "fibshim";

/// A Solution that is the kernel itself: its code, the launch's own geometry, every parameter
/// copied. `rule` is the binding that it is for. What the launch block can't express is refused.
[[nodiscard]] Incumbent incumbent_solution(const ObservedKernel& kernel,
                                           const match::RuleSpec& rule, const std::string& name,
                                           const IncumbentCode& code);

/// RFC 4648, with padding.
[[nodiscard]] std::string base64(const std::string& bytes);

}  // namespace fib::registry
