// SPDX-License-Identifier: Apache-2.0
//
// Random expressions against an evaluator of their own, in 128-bit integers and on trees.
#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "registry/match/compile.h"
#include "registry/match/evaluate.h"

namespace fib::match {
namespace {

using Random = std::mt19937_64;
__extension__ using Wide = __int128;
using Result = std::optional<std::int64_t>;  ///< nothing: the evaluation fails

constexpr std::int64_t kAxes[] = {1, 7, 4096, -3, 1ll << 40};

struct Operator {
  const char* sign;
  int precedence;
};
// As docs/bindings.md has them, loose to tight.
constexpr Operator kBinary[] = {{"or", 1}, {"and", 2}, {"==", 4}, {"!=", 4}, {"<", 4},
                                {"<=", 4}, {">", 4},   {">=", 4}, {"<<", 5}, {">>", 5},
                                {"+", 6},  {"-", 6},   {"*", 7},  {"/", 7},  {"%", 7}};
constexpr const char* kCalls[] = {"min", "max", "ceil_div"};

struct Node {
  enum Kind { Literal, Axis, Negate, Not, Binary, Call, Choice } kind = Literal;
  std::size_t which = 0;
  std::int64_t literal = 0;
  std::vector<std::unique_ptr<Node>> children;
};
using Tree = std::unique_ptr<Node>;

std::int64_t random_literal(Random& random) {
  switch (random() % 4) {
    case 0: return static_cast<std::int64_t>(random() % 5);
    case 1: return static_cast<std::int64_t>(random() % 70);
    case 2: return static_cast<std::int64_t>(random() >> (1 + random() % 62));
    default: return std::numeric_limits<std::int64_t>::max();
  }
}

Tree random_tree(Random& random, int depth) {
  auto node = std::make_unique<Node>();
  const auto grow = [&](Node::Kind kind, std::size_t choices, int children) {
    node->kind = kind;
    node->which = random() % choices;
    for (int i = 0; i < children; ++i) node->children.push_back(random_tree(random, depth - 1));
  };
  const auto kind = depth <= 0 ? random() % 2 : random() % 12;
  if (kind == 0) {
    node->literal = random_literal(random);
  } else if (kind == 1) {
    grow(Node::Axis, std::size(kAxes), 0);
  } else if (kind == 2) {
    grow(Node::Negate, 1, 1);
  } else if (kind == 3) {
    grow(Node::Not, 1, 1);
  } else if (kind == 4) {
    grow(Node::Choice, 1, 3);
  } else if (kind <= 6) {
    grow(Node::Call, std::size(kCalls), 2);
  } else {
    grow(Node::Binary, std::size(kBinary), 2);
  }
  return node;
}

/// With only the parentheses that `outer` asks for, and now and then some more.
std::string text_of(const Node& node, int outer, Random& random) {
  const auto child = [&](std::size_t i, int precedence) {
    return text_of(*node.children[i], precedence, random);
  };
  int own = 9;
  std::string text;
  switch (node.kind) {
    case Node::Literal: text = std::to_string(node.literal); break;
    case Node::Axis: text = "a" + std::to_string(node.which); break;
    case Node::Negate:
      own = 8;
      text = "-" + child(0, 8);
      break;
    case Node::Not:
      own = 3;
      text = "not " + child(0, 3);
      break;
    case Node::Call:
      text = std::string(kCalls[node.which]) + "(" + child(0, 0) + ", " + child(1, 0) + ")";
      break;
    case Node::Choice:
      own = 0;
      text = child(0, 1) + " ? " + child(1, 0) + " : " + child(2, 0);
      break;
    case Node::Binary: {
      own = kBinary[node.which].precedence;
      const int left = own == 4 ? 5 : own;  // comparisons do not chain
      text = child(0, left) + " " + kBinary[node.which].sign + " " + child(1, own + 1);
      break;
    }
  }
  return own < outer || random() % 8 == 0 ? "(" + text + ")" : text;
}

Result in_range(Wide value) {
  if (value < std::numeric_limits<std::int64_t>::min()) return std::nullopt;
  if (value > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

/// The largest integer whose product with b does not exceed a's side: rounding towards minus
/// infinity.
Wide floor_of(Wide a, Wide b) {
  if (b < 0) return floor_of(-a, -b);
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

Result arithmetic(const std::string& sign, Wide a, Wide b) {
  if (sign == "+") return in_range(a + b);
  if (sign == "-") return in_range(a - b);
  if (sign == "*") return in_range(a * b);
  if (sign == "min") return in_range(a < b ? a : b);
  if (sign == "max") return in_range(a > b ? a : b);
  if (sign == "<<" || sign == ">>") {
    if (b < 0 || b > 63) return std::nullopt;
    const Wide power = Wide{1} << static_cast<int>(b);
    return in_range(sign == "<<" ? a * power : floor_of(a, power));
  }
  if (sign == "==") return a == b;
  if (sign == "!=") return a != b;
  if (sign == "<") return a < b;
  if (sign == "<=") return a <= b;
  if (sign == ">") return a > b;
  if (sign == ">=") return a >= b;
  if (b == 0) return std::nullopt;
  if (sign == "/") return in_range(floor_of(a, b));
  if (sign == "%") return in_range(a - b * floor_of(a, b));
  return in_range(-floor_of(-a, b));  // ceil_div
}

Result reference(const Node& node);

Result binary(const Node& node) {
  const std::string sign = kBinary[node.which].sign;
  const Result a = reference(*node.children[0]);
  if (!a) return a;
  if (sign == "and" && *a == 0) return 0;
  if (sign == "or" && *a != 0) return 1;
  const Result b = reference(*node.children[1]);
  if (!b) return b;
  if (sign == "and" || sign == "or") return *b != 0;
  return arithmetic(sign, *a, *b);
}

Result reference(const Node& node) {
  if (node.kind == Node::Literal) return node.literal;
  if (node.kind == Node::Axis) return kAxes[node.which];
  if (node.kind == Node::Binary) return binary(node);
  const Result first = reference(*node.children[0]);
  if (!first) return first;
  if (node.kind == Node::Negate) return in_range(-Wide{*first});
  if (node.kind == Node::Not) return *first == 0;
  if (node.kind == Node::Choice) return reference(*node.children[*first != 0 ? 1 : 2]);
  const Result second = reference(*node.children[1]);
  return second ? arithmetic(kCalls[node.which], *first, *second) : second;
}

TEST(ExpressionProperty, AgreesWithAnEvaluatorOfTrees) {
  Scope scope;
  for (std::size_t i = 0; i < std::size(kAxes); ++i) {
    scope.add("a" + std::to_string(i), Scope::Kind::Axis, static_cast<std::int64_t>(i));
  }
  Random random(20240607);
  const LaunchView launch;
  int failures = 0, values = 0;
  for (int i = 0; i < 200000; ++i) {
    const Tree tree = random_tree(random, static_cast<int>(random() % 7));
    const std::string text = text_of(*tree, 0, random);
    const Compiled compiled = compile(text, scope);
    if (!compiled.ok()) {  // only what is too long or too deep
      ASSERT_TRUE(compiled.error.message.find("too") != std::string::npos)
          << text << ": " << compiled.error.message;
      continue;
    }
    const Value value = evaluate(compiled.program, {&launch, kAxes, nullptr, 0});
    const Result expected = reference(*tree);
    ASSERT_EQ(value.ok(), expected.has_value()) << text;
    if (expected) {
      ASSERT_EQ(value.number, *expected) << text;
    }
    ++(expected ? values : failures);
  }
  EXPECT_GT(values, 50000);
  EXPECT_GT(failures, 5000);
}

}  // namespace
}  // namespace fib::match
