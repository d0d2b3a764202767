// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "registry/model/constraint.h"
#include "registry/model/python_lexer.h"

namespace fib::registry {
namespace {

using TokenKind = Token::Kind;

template <std::size_t N>
bool is_one_of(const Token& token, const std::string_view (&list)[N]) {
  return std::find(std::begin(list), std::end(list), token.text) != std::end(list);
}

bool begins_operand(const Token& token) {
  static constexpr std::string_view kPrefixes[] = {"(", "[", "{", "+", "-", "~", "*", "**", "..."};
  return token.kind != TokenKind::Operator || is_one_of(token, kPrefixes);
}

bool ends_operand(const Token& token) {
  static constexpr std::string_view kEnds[] = {")", "]", "}", ",", "..."};
  static constexpr std::string_view kWords[] = {"and", "or", "not", "in", "is", "if", "else"};
  return token.kind == TokenKind::Operator ? is_one_of(token, kEnds) : !is_one_of(token, kWords);
}

bool is_keyword(const Token& token) {
  static constexpr std::string_view kWords[] = {"and",  "or",  "not",    "in",    "is",    "if",
                                                "else", "for", "lambda", "async", "await", "yield"};
  return token.kind == TokenKind::Name && is_one_of(token, kWords);
}

// Whether `b` may follow `a`: no operands side by side, no two operators of which the second needs
// something before it.
bool may_follow(const Token& a, const Token& b) {
  static constexpr std::string_view kOpen[] = {"(", "[", "{", ",", ":"};
  const bool a_operator = a.kind == TokenKind::Operator, b_operator = b.kind == TokenKind::Operator;
  if (!a_operator && !b_operator) {
    return is_keyword(a) || is_keyword(b) ||
           (a.kind == TokenKind::String && b.kind == TokenKind::String);
  }
  if (!a_operator || !b_operator) return true;
  return ends_operand(a) || begins_operand(b) || ends_operand(b) || is_one_of(a, kOpen) ||
         is_one_of(b, kOpen);
}

}  // namespace

std::string why_no_expression(std::string_view text) {
  PythonLexer lexer(text);
  Token token = lexer.next(), last = token;
  if (token.kind == TokenKind::End) return "it is empty";
  if (token.kind != TokenKind::Error && !begins_operand(token)) return "it begins with an operator";
  for (; token.kind != TokenKind::Newline && token.kind != TokenKind::End; token = lexer.next()) {
    if (token.kind == TokenKind::Error) return std::string(token.text);
    if (lexer.depth() == 0 && (token.is("=") || token.is(";"))) return "it is a statement";
    if (token.text.data() != last.text.data() && !may_follow(last, token)) {
      return '"' + std::string(token.text.substr(0, 40)) + "\" does not fit behind \"" +
             std::string(last.text.substr(0, 40)) + '"';
    }
    last = token;
  }
  if (!ends_operand(last)) return "it ends with \"" + std::string(last.text) + '"';
  if (token.kind == TokenKind::Newline && lexer.next().kind != TokenKind::End)
    return "it has several lines";
  return {};
}

}  // namespace fib::registry
