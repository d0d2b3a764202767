// SPDX-License-Identifier: Apache-2.0
#include "registry/bindings/fields.h"

#include <charconv>
#include <limits>
#include <system_error>

namespace fib::registry {
namespace {

constexpr const char* kExpression = "an expression (a string) or an integer";

std::optional<int> digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> int64_of(const Json& value) {
  constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > kLargest) return std::nullopt;
  if (!value.is_number_integer()) return std::nullopt;
  return value.get<std::int64_t>();
}

std::optional<std::string> expression_of(const Json& value) {
  if (const auto number = int64_of(value)) return std::to_string(*number);
  if (!value.is_string() || value.get_ref<const std::string&>().empty()) return std::nullopt;
  return value.get<std::string>();
}

Json expression_to_json(const std::string& expression) {
  std::int64_t number = 0;
  const char* const end = expression.data() + expression.size();
  const auto [stop, error] = std::from_chars(expression.data(), end, number);
  const bool is_number =
      error == std::errc{} && stop == end && std::to_string(number) == expression;
  return is_number ? Json(number) : Json(expression);
}

Json expressions_to_json(const std::vector<std::string>& expressions) {
  Json list = Json::array();
  for (const std::string& expression : expressions) list.push_back(expression_to_json(expression));
  return list;
}

std::string read_expression(ObjectReader& reader, std::string_view key) {
  const Json* const value = reader.member(key);
  if (value == nullptr) return {};
  if (auto expression = expression_of(*value)) return *expression;
  reader.error(key, "is " + type_of(*value), std::string("write ") + kExpression);
  return {};
}

std::vector<std::string> read_expressions(ObjectReader& reader, std::string_view key) {
  std::vector<std::string> list;
  const Json* const value = reader.member(key);
  if (value == nullptr) return list;
  if (!value->is_array()) {
    reader.error(key, "is " + type_of(*value), "write an array of expressions");
    return list;
  }
  for (std::size_t i = 0; i < value->size(); ++i) {
    if (auto expression = expression_of((*value)[i])) {
      list.push_back(*expression);
    } else {
      reader.findings().error(reader.rule(), child(reader.pointer_to(key), i),
                              "is " + type_of((*value)[i]), std::string("write ") + kExpression);
    }
  }
  return list;
}

std::optional<std::uint32_t> read_number(ObjectReader& reader, std::string_view key,
                                         std::uint32_t limit) {
  const Json* const value = reader.member(key);
  if (value == nullptr) return std::nullopt;
  const auto number = int64_of(*value);
  if (number && *number >= 0 && *number <= std::int64_t{limit}) {
    return static_cast<std::uint32_t>(*number);
  }
  reader.error(key, "is no integer from 0 to " + std::to_string(limit), "write one");
  return std::nullopt;
}

std::optional<std::array<std::uint8_t, 16>> hash_of(std::string_view text) {
  std::array<std::uint8_t, 16> hash{};
  if (text.size() != 2 * hash.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = digit_of(text[i]);
    if (!digit) return std::nullopt;
    hash[i / 2] = static_cast<std::uint8_t>(hash[i / 2] * 16 + *digit);
  }
  return hash;
}

std::string hash_to_text(const std::array<std::uint8_t, 16>& hash) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : hash) {
    text += kDigits[byte / 16];
    text += kDigits[byte % 16];
  }
  return text;
}

}  // namespace fib::registry
