// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/model/constraint.h"

/// Python's arithmetic on 64-bit integers and doubles, with operands that may be unknown.
namespace fib::registry {

struct Operand {
  std::optional<Number> number;
  std::string why;  ///< why it is unknown

  static Operand of(Number value) { return {value, ""}; }
  static Operand of_truth(bool truth) { return {Number(std::int64_t{truth}), ""}; }
  static Operand unknown(std::string reason) { return {std::nullopt, std::move(reason)}; }

  [[nodiscard]] bool known() const { return number.has_value(); }
  [[nodiscard]] bool truth() const;  ///< of a known one
  /// The integer, or null for one that is real or unknown.
  [[nodiscard]] const std::int64_t* integer() const {
    return number ? std::get_if<std::int64_t>(&*number) : nullptr;
  }
};

enum class Comparison { Equal, NotEqual, Less, AtMost, Greater, AtLeast };

[[nodiscard]] Operand compare(const Operand& a, Comparison how, const Operand& b);
[[nodiscard]] Operand add(const Operand& a, const Operand& b);
[[nodiscard]] Operand subtract(const Operand& a, const Operand& b);
[[nodiscard]] Operand multiply(const Operand& a, const Operand& b);
[[nodiscard]] Operand divide(const Operand& a, const Operand& b);  ///< always real
[[nodiscard]] Operand floor_divide(const Operand& a, const Operand& b);
[[nodiscard]] Operand modulo(const Operand& a, const Operand& b);  ///< has the sign of b
[[nodiscard]] Operand power(const Operand& a, const Operand& b);
[[nodiscard]] Operand extreme(const std::vector<Operand>& operands, bool largest);
[[nodiscard]] Operand magnitude(const Operand& a);
[[nodiscard]] Operand truncate(const Operand& a);
[[nodiscard]] Operand to_real(const Operand& a);

}  // namespace fib::registry
