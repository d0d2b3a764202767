// SPDX-License-Identifier: Apache-2.0
#include "registry/draft/signature.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace fib::registry {
namespace {

constexpr std::array<std::pair<std::string_view, DType>, 24> kTypes = {{
    {"float", DType::Float32},
    {"__half", DType::Float16},
    {"half", DType::Float16},
    {"c10::Half", DType::Float16},
    {"cutlass::half_t", DType::Float16},
    {"__nv_bfloat16", DType::BFloat16},
    {"nv_bfloat16", DType::BFloat16},
    {"c10::BFloat16", DType::BFloat16},
    {"cutlass::bfloat16_t", DType::BFloat16},
    {"__nv_fp8_e4m3", DType::Float8E4M3},
    {"c10::Float8_e4m3fn", DType::Float8E4M3},
    {"__nv_fp8_e5m2", DType::Float8E5M2},
    {"c10::Float8_e5m2", DType::Float8E5M2},
    {"long", DType::Int64},
    {"unsigned long", DType::Int64},
    {"long long", DType::Int64},
    {"unsigned long long", DType::Int64},
    {"int", DType::Int32},
    {"unsigned int", DType::Int32},
    {"short", DType::Int16},
    {"signed char", DType::Int8},
    {"unsigned char", DType::Int8},
    {"char", DType::Int8},
    {"bool", DType::Bool},
}};

/// What stands in the last pair of parentheses, which ends the name.
std::optional<std::string_view> parameter_list(std::string_view name) {
  if (!name.ends_with(')')) return std::nullopt;
  int depth = 0;
  for (std::size_t i = name.size(); i-- > 0;) {
    if (name[i] == ')') ++depth;
    if (name[i] == '(' && --depth == 0) return name.substr(i + 1, name.size() - i - 2);
  }
  return std::nullopt;
}

std::vector<std::string_view> split(std::string_view list) {
  std::vector<std::string_view> parts;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const char c = list[i];
    if (c == '<' || c == '(' || c == '{' || c == '[') ++depth;
    if (c == '>' || c == ')' || c == '}' || c == ']') --depth;
    if (c != ',' || depth != 0) continue;
    parts.push_back(list.substr(begin, i - begin));
    begin = i + 1;
  }
  if (!list.empty()) parts.push_back(list.substr(begin));
  return parts;
}

/// Without the words, which stand anywhere, and without spaces at the ends.
std::string without(std::string text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    for (std::size_t at; (at = text.find(word)) != std::string::npos;) text.erase(at, word.size());
  }
  text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

ParameterType type_of(std::string_view text) {
  ParameterType type;
  std::string plain = without(std::string(text), {"__restrict__", "volatile"});
  type.is_pointer = plain.ends_with('*');
  if (type.is_pointer) plain = without(plain.substr(0, plain.size() - 1), {});
  type.is_const = plain.ends_with(" const") || plain.starts_with("const ");
  plain = without(plain, {" const", "const "});
  const auto found = std::find_if(kTypes.begin(), kTypes.end(),
                                  [&](const auto& entry) { return entry.first == plain; });
  if (found != kTypes.end()) type.dtype = found->second;
  return type;
}

}  // namespace

std::vector<ParameterType> parameter_types(std::string_view demangled, std::size_t count) {
  std::vector<ParameterType> types;
  const auto list = parameter_list(demangled);
  if (!list) return types;
  const auto parts = split(*list);
  if (parts.size() != count) return types;
  for (const std::string_view part : parts) types.push_back(type_of(part));
  return types;
}

}  // namespace fib::registry
