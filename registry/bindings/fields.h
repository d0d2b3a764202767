// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/model/object.h"

/// What bindings and launch blocks have in common, on top of ObjectReader.
namespace fib::registry {

/// An expression: a string that is not empty, or an integer, which stands for itself.
[[nodiscard]] std::optional<std::string> expression_of(const Json& value);
/// The other way round: an integer where the expression is one.
[[nodiscard]] Json expression_to_json(const std::string& expression);
[[nodiscard]] Json expressions_to_json(const std::vector<std::string>& expressions);

/// Members of an object, with errors where they are something else. Absent ones are empty.
[[nodiscard]] std::string read_expression(ObjectReader& reader, std::string_view key);
[[nodiscard]] std::vector<std::string> read_expressions(ObjectReader& reader, std::string_view key);
/// 0 to `limit`; nothing if absent or wrong.
[[nodiscard]] std::optional<std::uint32_t> read_number(ObjectReader& reader, std::string_view key,
                                                       std::uint32_t limit);
/// An integer of any sign.
[[nodiscard]] std::optional<std::int64_t> int64_of(const Json& value);

/// 32 hexadecimal digits, as captures name images.
[[nodiscard]] std::optional<std::array<std::uint8_t, 16>> hash_of(std::string_view text);
[[nodiscard]] std::string hash_to_text(const std::array<std::uint8_t, 16>& hash);

}  // namespace fib::registry
