// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fib::registry {

/// A token of Python source. Texts point into the source.
struct Token {
  enum class Kind {
    Name,      ///< keywords too
    Literal,   ///< a number
    String,    ///< with prefix and quotes
    Operator,  ///< brackets and delimiters too
    Newline,   ///< the end of a logical line that is not empty
    End,
    Error  ///< `text` says what is wrong
  };
  Kind kind;
  std::string_view text;
  std::size_t line;    ///< from 1
  std::size_t column;  ///< from 0, in bytes

  [[nodiscard]] bool is(std::string_view what) const {
    return (kind == Kind::Name || kind == Kind::Operator) && text == what;
  }
};

/// Splits Python into tokens, as far as finding functions and reading short expressions needs it:
/// indentation is the column of a line's first token, and f-strings are opaque.
class PythonLexer {
 public:
  explicit PythonLexer(std::string_view source) : source_(source) {}

  /// The next token; after End or Error always the same again.
  Token next();
  /// How many brackets are open after the token that next() gave last.
  [[nodiscard]] std::size_t depth() const { return brackets_.size(); }

 private:
  [[nodiscard]] char at(std::size_t offset) const {
    return position_ + offset < source_.size() ? source_[position_ + offset] : '\0';
  }
  bool skip_blanks();
  Token take(Token::Kind kind, std::size_t length);
  Token fail(std::string_view what);
  Token string(std::size_t prefix);
  Token number();
  Token name_or_string();
  Token operation();
  bool track_bracket(char bracket);

  std::string_view source_;
  std::string brackets_;  ///< the ones that are open
  std::size_t position_ = 0, line_ = 1, line_start_ = 0;
  std::string_view error_;
  bool line_has_tokens_ = false;
};

}  // namespace fib::registry
