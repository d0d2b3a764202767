// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace fib::registry {

using Number = std::variant<std::int64_t, double>;

/// What the names in an expression stand for. Nothing means "not known here".
class Scope {
 public:
  virtual ~Scope() = default;
  /// The value of an axis or of a scalar input.
  [[nodiscard]] virtual std::optional<Number> value(std::string_view name) const = 0;
  /// `name.shape[dimension]`; counts from the end if negative.
  [[nodiscard]] virtual std::optional<std::int64_t> extent(std::string_view name,
                                                           std::int64_t dimension) const;
  /// `name[index]` of a tensor with one dimension; counts from the end if negative.
  [[nodiscard]] virtual std::optional<Number> element(std::string_view name,
                                                      std::int64_t index) const;
};

/// What became of an expression: a value, or why there is none.
struct Evaluated {
  std::optional<Number> value;
  std::string why_not;  ///< one clause, for a message

  /// Whether the value is one that Python takes for true.
  [[nodiscard]] bool holds() const;
};

/// Evaluates a Python expression over numbers: + - * / // % **, comparisons (chains too), `in` a
/// list, and, or, not, `a if b else c`, min, max, abs, len, int, float, brackets, and of tensors
/// `x.shape[i]`, `x[i]` and `.item()`. Integers have 64 bits. What exceeds that, divides by zero,
/// is not known to `scope` or not understood gives no value, unless the rest decides anyway.
[[nodiscard]] Evaluated evaluate(std::string_view expression, const Scope& scope);

/// Why the text can't be a Python expression; empty if it may be one. Finds what a tokenizer and
/// the two ends show; a text that passes need not be one.
[[nodiscard]] std::string why_no_expression(std::string_view text);

}  // namespace fib::registry
