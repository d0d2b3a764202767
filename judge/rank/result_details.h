// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "judge/rank/result.h"

/// Members of ours in an Evaluation. Whatever is missing or of another type is left empty.
namespace fib::judge {

[[nodiscard]] std::optional<double> number_in(const registry::Json& object, std::string_view key);
/// Only what is finite and above 0.
[[nodiscard]] std::optional<double> positive(std::optional<double> value);
[[nodiscard]] std::string text_in(const registry::Json& object, std::string_view key);

/// Why it is what it is: evaluation.fibshim's reason and detail.
void read_reason(const registry::Evaluation& evaluation, Result& result);
void read_details(const registry::Evaluation& evaluation, ResultDetails& details);

}  // namespace fib::judge
