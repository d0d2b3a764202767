// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fib::match {

enum class TokenKind : std::uint8_t {
  End,
  Number,      ///< as written: decimal, 0x..., or with a point or exponent
  Name,        ///< letters, digits, '_'; not a digit first
  QuotedName,  ///< text between two '`', which are not part of it
  Sign,        ///< one or two characters
  Bad          ///< a character that no token begins with, or a '`' without its other
};

struct Token {
  TokenKind kind = TokenKind::End;
  std::string_view text;
  std::size_t column = 1;  ///< of its first byte, from 1
};

/// Cuts a source text into tokens; never fails, see TokenKind::Bad.
class Lexer {
 public:
  explicit Lexer(std::string_view source) noexcept : source_(source) {}
  [[nodiscard]] Token next() noexcept;

 private:
  [[nodiscard]] Token take(TokenKind kind, std::size_t length) noexcept;
  [[nodiscard]] Token number() noexcept;
  [[nodiscard]] Token quoted() noexcept;
  [[nodiscard]] Token sign() noexcept;

  std::string_view source_;
  std::size_t at_ = 0;
};

}  // namespace fib::match
