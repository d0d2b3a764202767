// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "registry/match/compile.h"
#include "registry/match/launch_view.h"
#include "registry/match/lexer.h"

namespace fib::match {

/// Recursive descent with precedence climbing; emits code as it goes. After an error nothing more
/// is read, and what was emitted is thrown away. One object per source text.
class Parser {
 public:
  Parser(std::string_view source, const Scope& scope);
  [[nodiscard]] Compiled parse();

 private:
  class Nested;  // counts kMaxDepth

  /// For messages: quoted, printable, not too long.
  [[nodiscard]] static std::string shown(const Token& token);
  void advance();
  void fail(const Token& at, std::string message);
  [[nodiscard]] bool failed() const { return result_.error.column != 0; }
  [[nodiscard]] bool at_sign(std::string_view sign) const;
  [[nodiscard]] bool at_word(std::string_view word) const;
  bool take_sign(std::string_view sign);
  void expect(std::string_view sign);

  void expression();
  void branches();
  void operation(int lowest);
  void logical(bool is_and, int precedence);
  void prefix(int lowest);
  void primary();
  void named();
  void geometry(const Token& name);
  void parameter();
  void call(const Token& name, Op op, bool variadic);
  void float_bits(bool wide);
  void name(const Token& token);

  /// A literal from 0 to `limit`; `what` is for the message.
  std::uint64_t literal(std::uint64_t limit, const char* what);
  std::optional<Scalar> type();

  void emit(Instruction code, int stack_change);
  void emit_binary(Op op);
  [[nodiscard]] bool is_truth() const;
  void push(Instruction code) { emit(code, +1); }
  [[nodiscard]] std::size_t jump(Op op);  ///< index of a jump to be aimed later
  void aim(std::size_t jump);             ///< at what comes next

  Lexer lexer_;
  const Scope& scope_;
  Token token_;
  Compiled result_;
  int stack_ = 0;
  std::size_t aimed_ = 0;  ///< no jump leads beyond this instruction
  std::size_t depth_ = 0;
};

}  // namespace fib::match
