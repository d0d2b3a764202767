// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "registry/match/expression.h"
#include "registry/match/scope.h"

namespace fib::match {

/// Why a source text is no expression.
struct SyntaxError {
  std::size_t column = 0;  ///< in bytes, from 1; 0: there is no error
  std::string message;     ///< what is wrong, and what would be right
};

struct Compiled {
  Program program;  ///< empty on error
  SyntaxError error;
  [[nodiscard]] bool ok() const noexcept { return error.column == 0; }
};

/// Compiles one expression; docs/bindings.md has the grammar. Work and memory are bounded by
/// kMaxSource and kMaxDepth, whatever the text. Throws only for lack of memory.
[[nodiscard]] Compiled compile(std::string_view source, const Scope& scope);

}  // namespace fib::match
