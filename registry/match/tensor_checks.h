// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "registry/match/compiled.h"
#include "registry/match/reason.h"

namespace fib::match {

/// A launch on its way through a rule.
struct BoundLaunch {
  const CompiledDefinition& definition;
  std::span<const CompiledTensor> tensors;
  const CodePool& code;
  const Frame& frame;  ///< axes and values are filled in
};

/// Whether the tensors of this launch are such as the candidate can take. Gives the first reason
/// against it, or Exact for none.
[[nodiscard]] Reason check_tensors(const BoundLaunch& launch,
                                   const CompiledCandidate& candidate) noexcept;

}  // namespace fib::match
