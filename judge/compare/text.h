// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "judge/compare/comparison.h"

namespace fib::judge {

/// A number as a person wants to see it: nine digits, "NaN", "infinity".
[[nodiscard]] std::string number_text(double value);

/// "y[3, 4]: expected 1.5, got -2; 12 of 4096 elements are wrong".
[[nodiscard]] std::string first_wrong_text(const std::string& name, const Comparison& comparison);

}  // namespace fib::judge
