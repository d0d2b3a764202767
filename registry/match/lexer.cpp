// SPDX-License-Identifier: Apache-2.0
#include "registry/match/lexer.h"

namespace fib::match {
namespace {

// The C library's own depend on the locale, which belongs to the program.
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::size_t word_length(std::string_view text) noexcept {
  std::size_t length = 0;
  while (length < text.size() && (is_letter(text[length]) || is_digit(text[length]))) ++length;
  return length;
}

}  // namespace

Token Lexer::take(TokenKind kind, std::size_t length) noexcept {
  const Token token{kind, source_.substr(at_, length), at_ + 1};
  at_ += length;
  return token;
}

/// Takes all that looks like a number, so that "12ab" is one wrong number and not two tokens.
Token Lexer::number() noexcept {
  std::size_t end = at_;
  while (end < source_.size()) {
    const char c = source_[end];
    const bool exponent_sign = (c == '+' || c == '-') && end > at_ + 1 &&
                               (source_[end - 1] == 'e' || source_[end - 1] == 'E') &&
                               source_[at_ + 1] != 'x';
    if (!is_digit(c) && !is_letter(c) && c != '.' && !exponent_sign) break;
    ++end;
  }
  return take(TokenKind::Number, end - at_);
}

Token Lexer::quoted() noexcept {
  const std::size_t end = source_.find('`', at_ + 1);
  if (end == std::string_view::npos) return take(TokenKind::Bad, 1);
  Token token = take(TokenKind::QuotedName, end + 1 - at_);
  token.text = token.text.substr(1, token.text.size() - 2);
  return token;
}

Token Lexer::sign() noexcept {
  constexpr std::string_view kPairs[] = {"==", "!=", "<=", ">=", "<<", ">>"};
  for (const std::string_view pair : kPairs) {
    if (source_.substr(at_).starts_with(pair)) return take(TokenKind::Sign, 2);
  }
  constexpr std::string_view kSingle = "+-*/%<>?:(),.";
  const bool known = kSingle.find(source_[at_]) != std::string_view::npos;
  return take(known ? TokenKind::Sign : TokenKind::Bad, 1);
}

Token Lexer::next() noexcept {
  while (at_ < source_.size() && is_space(source_[at_])) ++at_;
  if (at_ == source_.size()) return take(TokenKind::End, 0);
  const char c = source_[at_];
  if (is_digit(c)) return number();
  if (is_letter(c)) return take(TokenKind::Name, word_length(source_.substr(at_)));
  return c == '`' ? quoted() : sign();
}

}  // namespace fib::match
