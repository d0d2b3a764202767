// SPDX-License-Identifier: Apache-2.0
#include "registry/model/constraint.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "registry/model/arithmetic.h"
#include "registry/model/python_lexer.h"

namespace fib::registry {
namespace {

using TokenKind = Token::Kind;

constexpr std::size_t kLongest = 4096;  ///< bytes of an expression
constexpr int kDeepestOperand = 40;     ///< operands within operands; each is some ten frames

/// Ends an evaluation: something that we do not understand.
struct Unsupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Reads and evaluates in one go, by recursive descent; one function for each precedence.
class Evaluator {
 public:
  Evaluator(std::string_view text, const Scope& scope) : lexer_(text), scope_(scope) { advance(); }

  Operand run() {
    const Operand result = ternary();
    if (token_.kind == TokenKind::Newline) advance();
    if (token_.kind != TokenKind::End) throw_unexpected();
    return result;
  }

 private:
  void advance() { token_ = lexer_.next(); }
  bool accept(std::string_view text) {
    if (!token_.is(text)) return false;
    advance();
    return true;
  }
  void expect(std::string_view text) {
    if (!accept(text)) throw_unexpected();
  }
  [[noreturn]] void throw_unexpected() const {
    if (token_.kind == TokenKind::End || token_.kind == TokenKind::Newline)
      throw Unsupported("it ends early");
    if (token_.kind == TokenKind::Error) throw Unsupported(std::string(token_.text));
    throw Unsupported("\"" + std::string(token_.text.substr(0, 40)) + "\" is not understood");
  }

  Operand ternary() {
    if (++depth_ > kDeepestOperand) throw Unsupported("it is nested too deep");
    Operand result = disjunction();
    if (accept("if")) {
      const Operand condition = disjunction();
      expect("else");
      const Operand other = ternary();
      if (!condition.known()) {
        result = condition;
      } else if (!condition.truth()) {
        result = other;
      }
    }
    --depth_;
    return result;
  }

  // An unknown operand does not matter where the other one decides.
  Operand disjunction() {
    Operand left = conjunction();
    while (accept("or")) {
      const Operand right = conjunction();
      const bool decided = left.known() && left.truth();
      if (!decided && (left.known() || (right.known() && right.truth()))) left = right;
    }
    return left;
  }

  Operand conjunction() {
    Operand left = negation();
    while (accept("and")) {
      const Operand right = negation();
      const bool decided = left.known() && !left.truth();
      if (!decided && (left.known() || (right.known() && !right.truth()))) left = right;
    }
    return left;
  }

  Operand negation() {
    int nots = 0;
    while (accept("not")) ++nots;
    const Operand operand = comparison();
    if (nots == 0 || !operand.known()) return operand;
    return Operand::of_truth(operand.truth() != (nots % 2 == 1));
  }

  // `a < b <= c` means `a < b and b <= c`.
  Operand comparison() {
    Operand left = sum();
    std::optional<Operand> result;
    while (true) {
      Operand next;
      if (token_.is("in") || token_.is("not")) {
        next = membership(left);
      } else if (const auto how = comparison_of(token_)) {
        advance();
        Operand right = sum();
        next = compare(left, *how, right);
        left = std::move(right);
      } else {
        return result ? *result : left;
      }
      const bool decided = result && result->known() && !result->truth();
      if (!decided && !(result && !result->known() && !(next.known() && !next.truth()))) {
        result = next;
      }
    }
  }

  static std::optional<Comparison> comparison_of(const Token& token) {
    static constexpr std::pair<std::string_view, Comparison> kAll[] = {
        {"==", Comparison::Equal},   {"!=", Comparison::NotEqual}, {"<=", Comparison::AtMost},
        {">=", Comparison::AtLeast}, {"<", Comparison::Less},      {">", Comparison::Greater}};
    for (const auto& [text, how] : kAll) {
      if (token.is(text)) return how;
    }
    return std::nullopt;
  }

  Operand membership(const Operand& element) {
    const bool inverted = accept("not");
    expect("in");
    const char closing = token_.is("[") ? ']' : token_.is("{") ? '}' : ')';
    if (!accept("(") && !accept("[") && !accept("{")) throw_unexpected();
    bool found = false;
    Operand unknown;
    for (const Operand& candidate : list_until(closing)) {
      const Operand same = compare(element, Comparison::Equal, candidate);
      found |= same.known() && same.truth();
      if (!same.known()) unknown = same;
    }
    if (!found && !unknown.why.empty()) return unknown;
    return Operand::of_truth(found != inverted);
  }

  std::vector<Operand> list_until(char closing) {
    const std::string_view end(&closing, 1);
    std::vector<Operand> operands;
    while (!token_.is(end)) {
      operands.push_back(ternary());
      if (!accept(",") && !token_.is(end)) throw_unexpected();
    }
    advance();
    return operands;
  }

  Operand sum() {
    Operand left = product();
    while (token_.is("+") || token_.is("-")) {
      const bool plus = token_.is("+");
      advance();
      const Operand right = product();
      left = plus ? add(left, right) : subtract(left, right);
    }
    return left;
  }

  Operand product() {
    Operand left = sign();
    while (token_.is("*") || token_.is("/") || token_.is("//") || token_.is("%")) {
      const std::string_view how = token_.text;
      advance();
      const Operand right = sign();
      left = how == "*"    ? multiply(left, right)
             : how == "/"  ? divide(left, right)
             : how == "//" ? floor_divide(left, right)
                           : modulo(left, right);
    }
    return left;
  }

  Operand sign() {
    bool negative = false;
    while (token_.is("+") || token_.is("-")) {
      negative ^= token_.is("-");
      advance();
    }
    const Operand operand = exponentiation();
    return negative ? subtract(Operand::of(std::int64_t{0}), operand) : operand;
  }

  Operand exponentiation() {
    const Operand base = atom();
    if (!accept("**")) return base;
    if (++depth_ > kDeepestOperand) throw Unsupported("it is nested too deep");
    const Operand exponent = sign();
    --depth_;
    return power(base, exponent);
  }

  Operand atom() {
    if (token_.kind == TokenKind::Literal) return literal();
    if (token_.kind == TokenKind::Name) return named();
    if (!accept("(")) throw_unexpected();
    Operand inner = ternary();
    expect(")");
    return inner;
  }

  Operand literal() {
    std::string digits;
    std::copy_if(token_.text.begin(), token_.text.end(), std::back_inserter(digits),
                 [](char c) { return c != '_'; });
    const char* const end = digits.data() + digits.size();
    std::int64_t integer = 0;
    double real = 0;
    Operand operand;
    if (const auto read = std::from_chars(digits.data(), end, integer);
        read.ec == std::errc() && read.ptr == end) {
      operand = Operand::of(integer);
    } else if (const auto other = std::from_chars(digits.data(), end, real);
               other.ec == std::errc() && other.ptr == end) {
      operand = Operand::of(real);
    } else {
      throw_unexpected();
    }
    advance();
    return operand;
  }

  Operand named() {
    const std::string name(token_.text);
    advance();
    if (name == "True") return Operand::of_truth(true);
    if (name == "False") return Operand::of_truth(false);
    if (accept("(")) return call(name);
    if (accept("[")) return element(name);
    if (accept(".")) return attribute(name);
    const auto value = scope_.value(name);
    return value ? Operand::of(*value) : Operand::unknown("\"" + name + "\" is not known here");
  }

  Operand call(const std::string& function) {
    if (function == "len") return length();
    const std::vector<Operand> operands = list_until(')');
    if (operands.empty()) throw Unsupported(function + "() without arguments");
    if (function == "min" || function == "max") return extreme(operands, function == "max");
    if (operands.size() > 1) throw Unsupported(function + "() of several arguments");
    if (function == "abs") return magnitude(operands[0]);
    if (function == "int") return truncate(operands[0]);
    if (function == "float") return to_real(operands[0]);
    throw Unsupported("the function " + function + "() is not understood");
  }

  Operand length() {
    if (token_.kind != TokenKind::Name) throw_unexpected();
    const std::string name(token_.text);
    advance();
    expect(")");
    return extent(name, 0);
  }

  Operand attribute(const std::string& name) {
    if (accept("item")) {
      accept_call();
      const auto value = scope_.value(name);
      return value ? Operand::of(*value) : element_at(name, 0);
    }
    if (!accept("shape")) throw_unexpected();
    expect("[");
    const std::int64_t dimension = index();
    return extent(name, dimension);
  }

  Operand element(const std::string& name) {
    const std::int64_t at = index();
    if (accept(".")) {
      expect("item");
      accept_call();
    }
    return element_at(name, at);
  }

  void accept_call() {
    expect("(");
    expect(")");
  }

  std::int64_t index() {
    const Operand operand = ternary();
    expect("]");
    const std::int64_t* const value = operand.integer();
    if (value == nullptr) throw Unsupported("an index is no integer");
    return *value;
  }

  Operand extent(const std::string& name, std::int64_t dimension) const {
    const auto found = scope_.extent(name, dimension);
    if (found) return Operand::of(*found);
    return Operand::unknown("the shape of \"" + name + "\" is not known here");
  }

  Operand element_at(const std::string& name, std::int64_t at) const {
    const auto found = scope_.element(name, at);
    if (found) return Operand::of(*found);
    return Operand::unknown("the values of \"" + name + "\" are not known here");
  }

  PythonLexer lexer_;
  const Scope& scope_;
  Token token_{};
  int depth_ = 0;
};

}  // namespace

std::optional<std::int64_t> Scope::extent(std::string_view, std::int64_t) const {
  return std::nullopt;
}

std::optional<Number> Scope::element(std::string_view, std::int64_t) const { return std::nullopt; }

bool Evaluated::holds() const {
  return value && std::visit([](auto number) { return number != 0; }, *value);
}

Evaluated evaluate(std::string_view expression, const Scope& scope) try {
  if (expression.size() > kLongest) return {std::nullopt, "it is too long"};
  const Operand result = Evaluator(expression, scope).run();
  return result.known() ? Evaluated{result.number, ""} : Evaluated{std::nullopt, result.why};
} catch (const Unsupported& error) {
  return {std::nullopt, error.what()};
}

}  // namespace fib::registry
