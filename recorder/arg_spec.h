// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace fib::recorder {

/// How one argument is recorded; see the head of driver/driver_api.def.
enum class ArgKind { Value, Output, Input, InputArray, Text };

struct ArgSpec {
  ArgKind kind = ArgKind::Value;
  std::string_view name;
  std::size_t count_arg = 0;  ///< InputArray: index of the argument that holds the element count
};

namespace detail {

constexpr std::string_view next_word(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  const std::size_t end = text.find(' ');
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(word.size());
  return word;
}

constexpr ArgSpec parse_word(std::string_view word) {
  switch (word.front()) {
    case '=': return {ArgKind::Output, word.substr(1), 0};
    case '$': return {ArgKind::Text, word.substr(1), 0};
    case '*': break;
    default: return {ArgKind::Value, word, 0};
  }
  word.remove_prefix(1);
  const std::size_t bracket = word.find('[');
  if (bracket == std::string_view::npos) return {ArgKind::Input, word, 0};
  return {ArgKind::InputArray, word.substr(0, bracket), 0};
}

}  // namespace detail

constexpr std::size_t count_words(std::string_view text) {
  std::size_t count = 0;
  while (!detail::next_word(text).empty()) ++count;
  return count;
}

/// Parses argument words at compile time; a count that names no argument does not compile.
template <std::size_t N>
constexpr std::array<ArgSpec, N> parse_args(std::string_view text) {
  std::array<ArgSpec, N> specs{};
  std::string_view rest = text;
  for (std::size_t i = 0; i < N; ++i) specs[i] = detail::parse_word(detail::next_word(rest));
  rest = text;
  for (std::size_t i = 0; i < N; ++i) {
    const std::string_view word = detail::next_word(rest);
    if (specs[i].kind != ArgKind::InputArray) continue;
    const std::size_t bracket = word.find('[');
    const std::string_view count = word.substr(bracket + 1, word.size() - bracket - 2);
    specs[i].count_arg = N;
    for (std::size_t j = 0; j < N; ++j)
      if (specs[j].name == count) specs[i].count_arg = j;
    if (specs[i].count_arg == N) throw "the count of an array argument is not an argument";
  }
  return specs;
}

}  // namespace fib::recorder
