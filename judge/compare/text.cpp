// SPDX-License-Identifier: Apache-2.0
#include "judge/compare/text.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace fib::judge {

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-infinity" : "infinity";
  std::array<char, 32> text{};
  const bool whole = value == std::floor(value) && std::abs(value) < 1e15;
  std::snprintf(text.data(), text.size(), whole ? "%.0f" : "%.9g", value);
  return text.data();
}

std::string first_wrong_text(const std::string& name, const Comparison& comparison) {
  std::string text = name;
  for (std::size_t i = 0; i < comparison.index.size(); ++i)
    text += (i == 0 ? "[" : ", ") + std::to_string(comparison.index[i]);
  if (!comparison.index.empty()) text += ']';
  text += ": expected " + number_text(comparison.expected) + ", got " + number_text(comparison.got);
  return text + "; " + std::to_string(comparison.wrong) + " of " +
         std::to_string(comparison.elements) + " elements are wrong";
}

}  // namespace fib::judge
