// SPDX-License-Identifier: Apache-2.0
#include "registry/model/constraint.h"

#include <gtest/gtest.h>

#include <string>

namespace fib::registry {
namespace {

class SomeScope : public Scope {
 public:
  std::optional<Number> value(std::string_view name) const override {
    if (name == "n") return Number(std::int64_t{12});
    if (name == "big") return Number(std::int64_t{INT64_MAX});
    if (name == "half") return Number(0.5);
    return std::nullopt;
  }
  std::optional<std::int64_t> extent(std::string_view name, std::int64_t at) const override {
    return name == "x" && (at == 1 || at == -1) ? std::optional<std::int64_t>(64) : std::nullopt;
  }
  std::optional<Number> element(std::string_view name, std::int64_t at) const override {
    return name == "ends" && at == -1 ? std::optional(Number(std::int64_t{12})) : std::nullopt;
  }
};

// The value as text, or "? why".
std::string value(std::string_view expression) {
  const Evaluated result = evaluate(expression, SomeScope());
  if (!result.value) return "? " + result.why_not;
  return std::visit([](auto number) { return std::to_string(number); }, *result.value);
}

TEST(Evaluate, HasPythonsPrecedence) {
  EXPECT_EQ(value("1 + 2 * 3"), "7");
  EXPECT_EQ(value("(1 + 2) * 3"), "9");
  EXPECT_EQ(value("2 ** 3 ** 2"), "512");
  EXPECT_EQ(value("-2 ** 2"), "-4");
  EXPECT_EQ(value("2 ** -1"), "0.500000");
  EXPECT_EQ(value("not 1 == 2 and 3 or 0"), "3");
  EXPECT_EQ(value("10 - 4 - 3"), "3");
  EXPECT_EQ(value("8 // 2 // 2"), "2");
  EXPECT_EQ(value("1_000"), "1000");
}

TEST(Evaluate, DividesAsPythonDoes) {
  EXPECT_EQ(value("7 / 2"), "3.500000");
  EXPECT_EQ(value("-7 // 2"), "-4");
  EXPECT_EQ(value("-7 % 3"), "2");
  EXPECT_EQ(value("7 % -3"), "-2");
  EXPECT_EQ(value("n / 4 == 3"), "1");
}

TEST(Evaluate, ComparesInChainsAndLists) {
  EXPECT_EQ(value("1 < n <= 12"), "1");
  EXPECT_EQ(value("1 < n < 12"), "0");
  EXPECT_EQ(value("1 < 0 < missing"), "0");
  EXPECT_EQ(value("n in [1, 12, 64]"), "1");
  EXPECT_EQ(value("n not in (1, 64,)"), "1");
  EXPECT_EQ(value("5 if n > 3 else missing"), "5");
  EXPECT_EQ(value("half < 1"), "1");
}

TEST(Evaluate, CallsAFewFunctions) {
  EXPECT_EQ(value("min(3, n, 7)"), "3");
  EXPECT_EQ(value("max(3, n)"), "12");
  EXPECT_EQ(value("abs(-3) + int(2.9)"), "5");
  EXPECT_EQ(value("len(x)"), "? the shape of \"x\" is not known here");
}

TEST(Evaluate, LooksIntoTensors) {
  EXPECT_EQ(value("x.shape[1] == 2 * 32"), "1");
  EXPECT_EQ(value("x.shape[-1]"), "64");
  EXPECT_EQ(value("n == ends[-1].item()"), "1");
  EXPECT_EQ(value("ends[0]"), "? the values of \"ends\" are not known here");
}

TEST(Evaluate, WhatIsUnknownCountsOnlyWhereItDecides) {
  EXPECT_EQ(value("missing > 1 or n == 12"), "1");
  EXPECT_EQ(value("missing > 1 and n == 11"), "0");
  EXPECT_EQ(value("missing > 1 and n == 12"), "? \"missing\" is not known here");
  EXPECT_EQ(value("missing"), "? \"missing\" is not known here");
}

TEST(Evaluate, NeverOverflows) {
  EXPECT_EQ(value("big + 1"), "? a value exceeds 64 bits");
  EXPECT_EQ(value("(-big - 1) // -1"), "? a value exceeds 64 bits");
  EXPECT_EQ(value("(-big - 1) % -1"), "0");
  EXPECT_EQ(value("2 ** 63"), "? a value exceeds 64 bits");
  EXPECT_EQ(value("2 ** 62"), "4611686018427387904");
  EXPECT_EQ(value("0 ** 9999999999"), "0");
  EXPECT_EQ(value("int(1e300)"), "? a value exceeds 64 bits");
  EXPECT_EQ(value("abs(-big - 1)"), "? a value exceeds 64 bits");
  EXPECT_EQ(value("1 // 0"), "? it divides by zero");
  EXPECT_EQ(value("1 % 0.0"), "? it divides by zero");
}

TEST(Evaluate, SaysWhatItDoesNotUnderstand) {
  EXPECT_EQ(value("torch.all(x > 0)"), "? \"all\" is not understood");
  EXPECT_EQ(value("'a' == 'b'"), "? \"'a'\" is not understood");
  EXPECT_EQ(value("n +"), "? it ends early");
  EXPECT_EQ(value("sum(1)"), "? the function sum() is not understood");
  EXPECT_EQ(value("min()"), "? min() without arguments");
  EXPECT_EQ(value(std::string(5000, '1')), "? it is too long");
  EXPECT_EQ(value(std::string(100, '(') + "1" + std::string(100, ')')), "? it is nested too deep");
  std::string powers = "1";
  for (int i = 0; i < 1000; ++i) powers += "**1";
  EXPECT_EQ(value(powers), "? it is nested too deep");
}

TEST(WhyNoExpression, TellsWhatCanNotBeOne) {
  EXPECT_EQ(why_no_expression("a == b[-1].item()"), "");
  EXPECT_EQ(why_no_expression("f(x=1) + {'a': 2}['a']"), "");
  EXPECT_EQ(why_no_expression("lambda x: x"), "");
  EXPECT_EQ(why_no_expression("not a"), "");
  EXPECT_EQ(why_no_expression(" "), "it is empty");
  EXPECT_EQ(why_no_expression("a = b"), "it is a statement");
  EXPECT_EQ(why_no_expression("a +"), "it ends with \"+\"");
  EXPECT_EQ(why_no_expression("a and"), "it ends with \"and\"");
  EXPECT_EQ(why_no_expression("== b"), "it begins with an operator");
  EXPECT_EQ(why_no_expression("(a"), "a bracket is never closed");
  EXPECT_EQ(why_no_expression("a)"), "brackets do not match, or are nested too deep");
  EXPECT_EQ(why_no_expression("a\nb"), "it has several lines");
  EXPECT_EQ(why_no_expression("a b"), "\"b\" does not fit behind \"a\"");
  EXPECT_EQ(why_no_expression("a / == b"), "\"==\" does not fit behind \"/\"");
  EXPECT_EQ(why_no_expression("[x for x in (1, 2) if not -x][::2] is not 'a' 'b'"), "");
  EXPECT_EQ(why_no_expression("'abc"), "a string does not end");
}

}  // namespace
}  // namespace fib::registry
