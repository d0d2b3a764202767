// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>

#include "recorder/image_symbols.h"

namespace fib::recorder {
namespace {

bool is_space(char c) noexcept { return std::isspace(static_cast<unsigned char>(c)) != 0; }

bool is_word(char c) noexcept {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || c == '.' ||
         c == '%';
}

/// PTX as words and single other characters; comments and spaces are skipped.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  /// Empty at the end.
  std::string_view next() {
    skip();
    std::size_t length = 0;
    while (length < rest_.size() && is_word(rest_[length])) ++length;
    if (length == 0 && !rest_.empty()) length = 1;
    const std::string_view word = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return word;
  }

 private:
  void skip() {
    while (!rest_.empty()) {
      if (is_space(rest_.front()))
        rest_.remove_prefix(1);
      else if (rest_.starts_with("//"))
        rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
      else if (rest_.starts_with("/*"))
        rest_.remove_prefix(std::min(rest_.find("*/", 2), rest_.size() - 2) + 2);
      else
        return;
    }
  }

  std::string_view rest_;
};

/// After `.global` or `.const`: .align 16 .attribute(.managed) .v4 .u32 name[8] = {...};
std::string_view declared_name(Words& words) {
  int depth = 0;
  for (std::string_view word = words.next(); !word.empty(); word = words.next()) {
    if (word == "(") ++depth;
    if (word == ")") --depth;
    if (word == ";" || word == "=") return {};
    const char first = word.front();
    if (depth > 0 || word == ")" || first == '.' || !is_word(first) ||
        std::isdigit(static_cast<unsigned char>(first)) != 0)
      continue;
    return word;
  }
  return {};
}

}  // namespace

void ptx_symbols(std::string_view text, SymbolNames& to) {
  Words words(text);
  std::string_view before;
  for (std::string_view word = words.next(); !word.empty(); word = words.next()) {
    const bool is_declaration = word == ".global" || word == ".const";
    const bool is_pointer = before == ".ptr";  // a kernel's parameter: .ptr .global .align 4 name
    before = word;
    if (!is_declaration || is_pointer) continue;
    const std::string_view name = declared_name(words);
    if (!name.empty() && name.front() != '$') to.push_back({std::string(name), word == ".global"});
  }
}

}  // namespace fib::recorder
