// SPDX-License-Identifier: Apache-2.0
#include "registry/match/parser.h"

#include <utility>

namespace fib::match {
namespace {

// From loose to tight. A tighter operator's operands never hold a looser one without parentheses.
enum Precedence { kOr = 1, kAnd, kNot, kComparison, kShift, kSum, kProduct, kUnary };

struct Operator {
  std::string_view sign;
  int precedence;
  Op op;
};
constexpr Operator kOperators[] = {{"==", kComparison, Op::Equal},
                                   {"!=", kComparison, Op::NotEqual},
                                   {"<", kComparison, Op::Less},
                                   {"<=", kComparison, Op::LessEqual},
                                   {">", kComparison, Op::Greater},
                                   {">=", kComparison, Op::GreaterEqual},
                                   {"<<", kShift, Op::ShiftLeft},
                                   {">>", kShift, Op::ShiftRight},
                                   {"+", kSum, Op::Add},
                                   {"-", kSum, Op::Subtract},
                                   {"*", kProduct, Op::Multiply},
                                   {"/", kProduct, Op::Divide},
                                   {"%", kProduct, Op::Remainder}};

const Operator* operator_of(const Token& token) {
  if (token.kind != TokenKind::Sign) return nullptr;
  for (const Operator& entry : kOperators) {
    if (entry.sign == token.text) return &entry;
  }
  return nullptr;
}

}  // namespace

class Parser::Nested {
 public:
  explicit Nested(Parser& parser) : parser_(parser) {
    if (++parser_.depth_ > kMaxDepth) parser_.fail(parser_.token_, "nested too deeply");
  }
  ~Nested() { --parser_.depth_; }
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;

 private:
  Parser& parser_;
};

Parser::Parser(std::string_view source, const Scope& scope) : lexer_(source), scope_(scope) {}

Compiled Parser::parse() {
  advance();
  expression();
  if (!failed() && token_.kind != TokenKind::End) {
    fail(token_, shown(token_) + " follows a complete expression; an operator is missing");
  }
  if (failed()) result_.program.clear();
  return std::move(result_);
}

std::string Parser::shown(const Token& token) {
  if (token.kind == TokenKind::End) return "the end";
  constexpr std::size_t kLongest = 40;
  std::string text;
  for (const char c : token.text.substr(0, kLongest)) text += c >= ' ' && c <= '~' ? c : '?';
  return "'" + text + "'";
}

void Parser::advance() {
  token_ = lexer_.next();
  if (token_.kind != TokenKind::Bad) return;
  const bool quote = token_.text == "`";
  fail(token_, quote ? "'`' without another one to end the name"
                     : shown(token_) + " is no part of the language");
}

void Parser::fail(const Token& at, std::string message) {
  if (!failed()) result_.error = {at.column, std::move(message)};
  token_ = {TokenKind::End, {}, at.column};  // nothing more is read
}

bool Parser::at_sign(std::string_view sign) const {
  return token_.kind == TokenKind::Sign && token_.text == sign;
}
bool Parser::at_word(std::string_view word) const {
  return token_.kind == TokenKind::Name && token_.text == word;
}

bool Parser::take_sign(std::string_view sign) {
  if (failed() || !at_sign(sign)) return false;
  advance();
  return true;
}

void Parser::expect(std::string_view sign) {
  if (!take_sign(sign))
    fail(token_, "found " + shown(token_) + ", expected '" + std::string(sign) + "'");
}

void Parser::emit(Instruction code, int stack_change) {
  if (failed()) return;
  stack_ += stack_change;
  if (stack_ > static_cast<int>(kMaxStack) || result_.program.size() >= kMaxInstructions) {
    return fail(token_, "too long; split it into several conditions");
  }
  result_.program.push_back(code);
}

/// A constant that was just pushed becomes part of the instruction, unless it is one branch of two.
void Parser::emit_binary(Op op) {
  if (failed()) return;
  Program& program = result_.program;
  if (program.back().op != Op::Const || aimed_ >= program.size()) return emit({0, 0, op, 0}, -1);
  program.back() = {program.back().immediate, 0, op, 1};
  --stack_;
}

std::size_t Parser::jump(Op op) {
  emit({0, 0, op, 0}, op == Op::Jump ? 0 : -1);
  return result_.program.size() - 1;
}

void Parser::aim(std::size_t jump) {
  if (failed()) return;
  aimed_ = result_.program.size();
  result_.program[jump].index = static_cast<std::uint16_t>(result_.program.size());
}

void Parser::expression() {
  const Nested nested(*this);
  if (failed()) return;
  operation(kOr);
  if (take_sign("?")) branches();
}

void Parser::branches() {
  const std::size_t to_else = jump(Op::JumpIfZero);
  expression();
  expect(":");
  const std::size_t to_end = jump(Op::Jump);
  --stack_;  // only one of both branches leaves its value
  aim(to_else);
  expression();
  aim(to_end);
}

void Parser::operation(int lowest) {
  const Nested nested(*this);
  if (failed()) return;
  prefix(lowest);
  bool compared = false;
  while (!failed()) {
    if (at_word("and") && lowest <= kAnd) {
      logical(true, kAnd);
    } else if (at_word("or") && lowest <= kOr) {
      logical(false, kOr);
    } else {
      const Operator* const found = operator_of(token_);
      if (found == nullptr || found->precedence < lowest) return;
      if (found->precedence == kComparison && compared) {
        return fail(token_, "comparisons can't be chained; join two of them with 'and'");
      }
      compared = compared || found->precedence == kComparison;
      advance();
      operation(found->precedence + 1);
      emit_binary(found->op);
    }
  }
}

/// Whether what was emitted last leaves 0 or 1, on whichever way it is reached.
bool Parser::is_truth() const {
  const Program& program = result_.program;
  if (program.empty() || aimed_ >= program.size()) return false;
  return program.back().op == Op::Not || program.back().op >= Op::Equal;
}

/// `a and b` is 0 or 1 and does not evaluate b where a decides.
void Parser::logical(bool is_and, int precedence) {
  advance();
  const std::size_t decided = jump(is_and ? Op::JumpIfZero : Op::JumpIfNotZero);
  operation(precedence + 1);
  if (!is_truth()) emit({0, 0, Op::Bool, 0}, 0);
  const std::size_t to_end = jump(Op::Jump);
  --stack_;
  aim(decided);
  push({is_and ? 0 : 1, 0, Op::Const, 0});
  aim(to_end);
}

void Parser::prefix(int lowest) {
  if (at_word("not")) {
    if (lowest > kNot) return fail(token_, "'not' needs parentheses around it here");
    advance();
    operation(kNot);
    emit({0, 0, Op::Not, 0}, 0);
  } else if (take_sign("-")) {
    operation(kUnary);
    emit({0, 0, Op::Negate, 0}, 0);
  } else {
    primary();
  }
}

Compiled compile(std::string_view source, const Scope& scope) {
  if (source.size() > kMaxSource) {
    Compiled refused;
    refused.error = {kMaxSource + 1, "longer than " + std::to_string(kMaxSource) + " characters"};
    return refused;
  }
  return Parser(source, scope).parse();
}

}  // namespace fib::match
