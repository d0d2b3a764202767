// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "registry/bindings/binding.h"
#include "registry/draft/observation.h"
#include "registry/model/definition.h"

namespace fib::registry {

struct DraftOptions {
  /// The binding is for a copy of the kernel itself: nothing about the launch needs to be known, so
  /// there are no conditions, and overlaps of tensors are nobody's business.
  bool is_copy = false;
  std::string source;  ///< for the description: the capture
};

/// What was drafted of one kernel.
struct Draft {
  Binding binding;
  std::optional<Definition> definition;  ///< if none was given
  std::string problem;                   ///< why there is no draft, one clause; empty: there is one

  [[nodiscard]] bool ok() const { return problem.empty(); }
};

/// Op type of drafted Definitions.
inline constexpr const char* kDraftOpType = "draft";

/// Drafts a binding of the kernel to this Definition.
[[nodiscard]] Draft draft_binding(const ObservedKernel& kernel, const Definition& definition,
                                  const DraftOptions& options);
/// Drafts a Definition as well: a tensor for each pointer, an axis for each varying size.
[[nodiscard]] Draft draft_binding(const ObservedKernel& kernel, const DraftOptions& options);

/// A name for files, from a kernel's: letters, digits and underscores, and 8 digits that tell
/// kernels of one name apart. `short_name` is the demangled one without its parameters.
[[nodiscard]] std::string draft_name(const ObservedKernel& kernel, const std::string& short_name);

}  // namespace fib::registry
