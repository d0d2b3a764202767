// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
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

/// Extent of a tensor, by its binding or by its shape.
struct TensorBytes {
  std::int64_t bytes = 0;
  Reason reason = Reason::Exact;  ///< why there is none, or Exact
};
/// A launch whose shape has an axis that it does not show has no extent, unless the binding says.
[[nodiscard]] TensorBytes tensor_bytes(const BoundLaunch& launch,
                                       const CompiledTensor& tensor) noexcept;

/// Whether the tensors of this launch are such as the candidate can take. Gives the first reason
/// against it, or Exact for none.
[[nodiscard]] Reason check_tensors(const BoundLaunch& launch,
                                   const CompiledCandidate& candidate) noexcept;

}  // namespace fib::match
