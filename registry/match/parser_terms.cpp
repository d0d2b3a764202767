// SPDX-License-Identifier: Apache-2.0
//
// The half of the parser that reads what operators stand between.
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <system_error>

#include "registry/match/parser.h"

namespace fib::match {
namespace {

template <typename Float>
std::optional<Float> float_of(std::string_view text) {
  Float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::uint64_t> integer_of(std::string_view text) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  if (hex) text.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

void Parser::primary() {
  if (failed()) return;
  if (take_sign("(")) {
    expression();
    return expect(")");
  }
  if (token_.kind == TokenKind::Number) {
    const auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const std::uint64_t number = literal(limit, "an integer");
    return push({static_cast<std::int64_t>(number), 0, Op::Const, 0});
  }
  if (token_.kind == TokenKind::Name) return named();
  if (token_.kind != TokenKind::QuotedName) {
    return fail(token_, "found " + shown(token_) + ", expected a number, a name or '('");
  }
  const Token quoted = token_;
  advance();
  name(quoted);
}

void Parser::named() {
  const Token word = token_;
  advance();
  const std::string_view text = word.text;
  if (text == "grid" || text == "block" || text == "cluster") return geometry(word);
  if (text == "smem") {
    return push({0, 0, Op::Geometry, static_cast<std::uint8_t>(Geometry::Shared)});
  }
  if (text == "param") return parameter();
  if (text == "ceil_div") return call(word, Op::CeilDivide, false);
  if (text == "min") return call(word, Op::Min, true);
  if (text == "max") return call(word, Op::Max, true);
  if (text == "f32" || text == "f64") return float_bits(text == "f64");
  if (text == "and" || text == "or" || text == "not") {
    return fail(word, "found " + shown(word) + ", expected an operand");
  }
  name(word);
}

void Parser::geometry(const Token& name) {
  expect(".");
  const std::size_t base = name.text == "grid" ? 0 : name.text == "block" ? 3 : 6;
  const bool known = token_.kind == TokenKind::Name && token_.text.size() == 1 &&
                     token_.text[0] >= 'x' && token_.text[0] <= 'z';
  if (!known) return fail(token_, "found " + shown(token_) + ", expected x, y or z");
  const auto term = base + static_cast<std::size_t>(token_.text[0] - 'x');
  advance();
  push({0, 0, Op::Geometry, static_cast<std::uint8_t>(term)});
}

void Parser::parameter() {
  expect("(");
  Instruction code{0, 0, Op::WholeParam, 0};
  code.index = static_cast<std::uint16_t>(literal(0xffff, "the index of a parameter"));
  if (take_sign(",")) {
    code.op = Op::Param;
    code.immediate = static_cast<std::int64_t>(literal(0xffff, "a byte offset"));
    expect(",");
    if (const auto scalar = type()) code.a = static_cast<std::uint8_t>(*scalar);
  }
  expect(")");
  push(code);
}

std::optional<Scalar> Parser::type() {
  if (failed()) return std::nullopt;
  const auto scalar = token_.kind == TokenKind::Name ? scalar_of(token_.text) : std::nullopt;
  if (scalar) {
    advance();
  } else {
    fail(token_,
         "found " + shown(token_) + ", expected a type: i8 u8 i16 u16 i32 u32 i64 u64 f32 f64 ptr");
  }
  return scalar;
}

void Parser::call(const Token& name, Op op, bool variadic) {
  expect("(");
  expression();
  if (!failed() && !at_sign(",")) {
    return fail(token_, std::string(name.text) + " needs " +
                            (variadic ? "at least two arguments" : "two arguments"));
  }
  int more = 0;
  while ((variadic || more == 0) && take_sign(",")) {
    expression();
    emit_binary(op);
    ++more;
  }
  expect(")");
}

/// f32(1e-5): the bits of a literal, to be compared with a parameter's.
void Parser::float_bits(bool wide) {
  expect("(");
  const bool negative = take_sign("-");
  if (failed()) return;
  const Token number = token_;
  if (number.kind != TokenKind::Number) {
    return fail(number, "found " + shown(number) + ", expected a number such as 1e-5");
  }
  std::int64_t bits = 0;
  if (wide) {
    const auto value = float_of<double>(number.text);
    if (!value) return fail(number, shown(number) + " is no finite f64");
    const double signed_value = negative ? -*value : *value;
    std::memcpy(&bits, &signed_value, sizeof signed_value);
  } else {
    const auto value = float_of<float>(number.text);
    if (!value) return fail(number, shown(number) + " is no finite f32");
    const float signed_value = negative ? -*value : *value;
    std::uint32_t word = 0;
    std::memcpy(&word, &signed_value, sizeof word);
    bits = word;
  }
  advance();
  expect(")");
  push({bits, 0, Op::Const, 0});
}

void Parser::name(const Token& token) {
  if (failed()) return;
  const auto found = scope_.find(token.text);
  if (found.size() > 1) {
    return fail(token, shown(token) + " names an axis as well as a tensor; rename one of them");
  }
  if (found.empty()) {
    const std::string known = scope_.list();
    return fail(token, "nothing is named " + shown(token) +
                           (known.empty() ? " here" : " here; there are " + known.substr(0, 200)));
  }
  const Scope::Name& entry = *found.front();
  const auto slot = static_cast<std::uint16_t>(entry.number);
  switch (entry.kind) {
    case Scope::Kind::Constant: return push({entry.number, 0, Op::Const, 0});
    case Scope::Kind::Axis: return push({0, slot, Op::Axis, 0});
    case Scope::Kind::Value: return push({0, slot, Op::Value, 0});
    case Scope::Kind::Workspace: return push({0, 0, Op::Workspace, 0});
  }
}

std::uint64_t Parser::literal(std::uint64_t limit, const char* what) {
  if (failed()) return 0;
  const Token number = token_;
  const auto value =
      number.kind == TokenKind::Number ? integer_of(number.text) : std::optional<std::uint64_t>{};
  if (!value || *value > limit) {
    fail(number,
         "found " + shown(number) + ", expected " + what + " from 0 to " + std::to_string(limit));
    return 0;
  }
  advance();
  return *value;
}

}  // namespace fib::match
