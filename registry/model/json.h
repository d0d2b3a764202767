// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

/// JSON as registries hold it: members keep their order, and hostile texts end in an error.
namespace fib::registry {

using Json = nlohmann::ordered_json;

/// What a text may cost before it is refused.
struct JsonLimits {
  std::size_t bytes = std::size_t{64} << 20;
  std::size_t depth = 64;          ///< arrays and objects within each other
  std::size_t values = 1'000'000;  ///< in the whole text, members of objects included
};

/// A value, or why there is none.
struct ParsedJson {
  Json value;
  std::string error;  ///< what is wrong and where, on one line; empty if all is well

  [[nodiscard]] bool ok() const { return error.empty(); }
};

/// Parses one JSON text. Refuses, beside what is no JSON: a member that occurs twice, an integer
/// that 64 bits can't hold (both would silently change when written again), and what exceeds
/// `limits`. Never throws but for lack of memory.
[[nodiscard]] ParsedJson parse_json(std::string_view text, const JsonLimits& limits = {});

/// Text of `value`: one line, or indented by `indent` spaces. Bytes that are no UTF-8, which no
/// parsed value has, become U+FFFD.
[[nodiscard]] std::string to_text(const Json& value, int indent = -1);

/// Whether two values say the same: members in any order, numbers by value.
[[nodiscard]] bool same_meaning(const Json& a, const Json& b);

/// `pointer` (RFC 6901) with one more member or element.
[[nodiscard]] std::string child(std::string_view pointer, std::string_view key);
[[nodiscard]] std::string child(std::string_view pointer, std::size_t index);

/// Appends a member without looking for one of this name: ordered_json's own way is linear.
void append_member(Json& object, std::string key, Json value);

/// The member's value; null if `object` is no object or has none of this name.
[[nodiscard]] const Json* find_member(const Json& object, std::string_view key);

}  // namespace fib::registry
