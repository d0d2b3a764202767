// SPDX-License-Identifier: Apache-2.0
#include "registry/model/python_lexer.h"

#include <algorithm>
#include <array>

namespace fib::registry {
namespace {

using TokenKind = Token::Kind;

constexpr std::size_t kMostBrackets = 200;  ///< as CPython's own tokenizer

// Longest first.
constexpr std::array<std::string_view, 48> kOperators = {
    "**=", "//=", ">>=", "<<=", "...", "**", "//", ">>", "<<", "<=", ">=", "==",
    "!=",  "->",  "+=",  "-=",  "*=",  "/=", "%=", "&=", "|=", "^=", "@=", ":=",
    "+",   "-",   "*",   "/",   "%",   "@",  "&",  "|",  "^",  "~",  "<",  ">",
    "(",   ")",   "[",   "]",   "{",   "}",  ",",  ":",  ".",  ";",  "=",  "!"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Bytes above 0x7f belong to letters of other alphabets.
bool is_name_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_quote(char c) { return c == '"' || c == '\''; }

bool is_string_prefix(std::string_view name) {
  return name.size() <= 2 && name.find_first_not_of("rRbBfFuU") == std::string_view::npos;
}

char closing_of(char bracket) { return bracket == '(' ? ')' : bracket == '[' ? ']' : '}'; }

}  // namespace

Token PythonLexer::take(TokenKind kind, std::size_t length) {
  const Token token{kind, source_.substr(position_, length), line_, position_ - line_start_};
  for (const char c : token.text) {
    ++position_;
    if (c != '\n') continue;
    ++line_;
    line_start_ = position_;
  }
  return token;
}

Token PythonLexer::fail(std::string_view what) {
  error_ = what;
  return {TokenKind::Error, error_, line_, position_ - line_start_};
}

// True when it stops before a token or at the end; false at a newline that ends a logical line.
bool PythonLexer::skip_blanks() {
  while (position_ < source_.size()) {
    const char c = at(0);
    if (c == '#') {
      take(TokenKind::Newline, std::min(source_.find('\n', position_), source_.size()) - position_);
    } else if (c == '\\' && (at(1) == '\n' || (at(1) == '\r' && at(2) == '\n'))) {
      take(TokenKind::Newline, at(1) == '\n' ? 2 : 3);
    } else if (c == '\n' && line_has_tokens_ && brackets_.empty()) {
      return false;
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\n') {
      take(TokenKind::Newline, 1);
    } else {
      return true;
    }
  }
  return true;
}

Token PythonLexer::string(std::size_t prefix) {
  const char quote = at(prefix);
  const bool triple = at(prefix + 1) == quote && at(prefix + 2) == quote;
  const std::size_t width = triple ? 3 : 1;
  for (std::size_t i = prefix + width; position_ + i < source_.size(); ++i) {
    if (at(i) == '\\') {
      ++i;
    } else if (at(i) == '\n' && !triple) {
      break;
    } else if (at(i) == quote && (!triple || (at(i + 1) == quote && at(i + 2) == quote))) {
      return take(TokenKind::String, i + width);
    }
  }
  return fail("a string does not end");
}

// Every form that Python has, and some that it has not: 1_000, 0x1F, 1.5e-3, 2j.
Token PythonLexer::number() {
  std::size_t length = 0;
  while (is_name_char(at(length)) || at(length) == '.' ||
         ((at(length) == '+' || at(length) == '-') && length > 0 &&
          (at(length - 1) == 'e' || at(length - 1) == 'E') && at(0) != '0')) {
    ++length;
  }
  return take(TokenKind::Literal, length);
}

Token PythonLexer::name_or_string() {
  std::size_t length = 0;
  while (is_name_char(at(length))) ++length;
  if (is_quote(at(length)) && is_string_prefix(source_.substr(position_, length))) {
    return string(length);
  }
  return take(TokenKind::Name, length);
}

bool PythonLexer::track_bracket(char bracket) {
  if (bracket == '(' || bracket == '[' || bracket == '{') {
    brackets_ += bracket;
  } else if (bracket == ')' || bracket == ']' || bracket == '}') {
    if (brackets_.empty() || closing_of(brackets_.back()) != bracket) return false;
    brackets_.pop_back();
  }
  return brackets_.size() <= kMostBrackets;
}

Token PythonLexer::operation() {
  for (const std::string_view text : kOperators) {
    if (!source_.substr(position_).starts_with(text)) continue;
    if (!track_bracket(text[0])) return fail("brackets do not match, or are nested too deep");
    return take(TokenKind::Operator, text.size());
  }
  return fail("a character that Python does not know");
}

Token PythonLexer::next() {
  if (!error_.empty()) return fail(error_);
  if (!skip_blanks() || (position_ >= source_.size() && line_has_tokens_ && brackets_.empty())) {
    line_has_tokens_ = false;
    return take(TokenKind::Newline, position_ < source_.size() ? 1 : 0);
  }
  if (position_ >= source_.size()) {
    if (!brackets_.empty()) return fail("a bracket is never closed");
    return take(TokenKind::End, 0);
  }
  line_has_tokens_ = true;
  const char c = at(0);
  if (is_digit(c) || (c == '.' && is_digit(at(1)))) return number();
  if (is_quote(c)) return string(0);
  return is_name_char(c) ? name_or_string() : operation();
}

}  // namespace fib::registry
