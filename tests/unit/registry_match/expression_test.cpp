// SPDX-License-Identifier: Apache-2.0
//
// The expression language: what means what, what fails, and where errors are said to be.
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "registry/match/compile.h"
#include "registry/match/evaluate.h"
#include "tests/unit/registry_match/launch_builder.h"

namespace fib::match {
namespace {

using testing::LaunchBuilder;

constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();

Scope names() {
  Scope scope;
  scope.add("batch", Scope::Kind::Axis, 1);
  scope.add("hidden", Scope::Kind::Constant, 4096);
  scope.add("x", Scope::Kind::Value, 2);
  scope.add("weird name/2", Scope::Kind::Axis, 0);
  scope.add("both", Scope::Kind::Axis, 0);
  scope.add("both", Scope::Kind::Value, 0);
  scope.add("workspace", Scope::Kind::Workspace, 0);
  return scope;
}

Value value_of(const std::string& source, const LaunchView& launch = {}) {
  const Compiled compiled = compile(source, names());
  EXPECT_TRUE(compiled.ok()) << source << ": " << compiled.error.message;
  if (!compiled.ok()) return {};
  const std::int64_t axes[] = {3, 7}, values[] = {0, 0, 0x7f0000000000};
  return evaluate(compiled.program, {&launch, axes, values, 0x1000});
}

std::int64_t number(const std::string& source, const LaunchView& launch = {}) {
  const Value value = value_of(source, launch);
  EXPECT_TRUE(value.ok()) << source << ": " << to_string(value.failure);
  return value.number;
}

Failure failure(const std::string& source, const LaunchView& launch = {}) {
  const Value value = value_of(source, launch);
  EXPECT_EQ(value.number, 0) << source;
  return value.failure;
}

SyntaxError error(const std::string& source) {
  const Compiled compiled = compile(source, names());
  EXPECT_FALSE(compiled.ok()) << source;
  EXPECT_TRUE(compiled.program.empty()) << source;
  return compiled.error;
}

TEST(Expression, Precedence) {
  EXPECT_EQ(number("1 + 2 * 3"), 7);
  EXPECT_EQ(number("(1 + 2) * 3"), 9);
  EXPECT_EQ(number("10 - 3 - 2"), 5);
  EXPECT_EQ(number("1 << 2 + 1"), 8);
  EXPECT_EQ(number("1 + 1 == 2 and 3 < 2 or 5 > 4"), 1);
  EXPECT_EQ(number("not 1 == 2"), 1);
  EXPECT_EQ(number("not not 5"), 1);
  EXPECT_EQ(number("-2 * -3"), 6);
  EXPECT_EQ(number("1 ? 2 : 0 ? 3 : 4"), 2);
  EXPECT_EQ(number("0 ? 2 : 0 ? 3 : 4"), 4);
  EXPECT_EQ(number("(1 ? 0 : 1) ? 2 : 3"), 3);
  EXPECT_EQ(number("1 or 0 and 0"), 1);
}

TEST(Expression, DivisionRoundsAsItsNameSays) {
  EXPECT_EQ(number("7 / 2"), 3);
  EXPECT_EQ(number("-7 / 2"), -4);
  EXPECT_EQ(number("7 / -2"), -4);
  EXPECT_EQ(number("-7 / -2"), 3);
  EXPECT_EQ(number("-7 % 2"), 1);
  EXPECT_EQ(number("7 % -2"), -1);
  EXPECT_EQ(number("-8 % 2"), 0);
  EXPECT_EQ(number("ceil_div(7, 2)"), 4);
  EXPECT_EQ(number("ceil_div(-7, 2)"), -3);
  EXPECT_EQ(number("ceil_div(8, 2)"), 4);
  EXPECT_EQ(number("(-9223372036854775807 - 1) % -1"), 0);
}

TEST(Expression, MinMaxShiftsAndLogic) {
  EXPECT_EQ(number("min(3, 1, 2)"), 1);
  EXPECT_EQ(number("max(3, 1, 2)"), 3);
  EXPECT_EQ(number("1 << 62"), std::int64_t{1} << 62);
  EXPECT_EQ(number("-1 << 63"), kLowest);
  EXPECT_EQ(number("-5 >> 1"), -3);
  EXPECT_EQ(number("5 and 7"), 1);
  EXPECT_EQ(number("0 or 7"), 1);
}

TEST(Expression, FailuresAreValues) {
  EXPECT_EQ(failure("9223372036854775807 + 1"), Failure::Overflow);
  EXPECT_EQ(failure("-9223372036854775807 - 2"), Failure::Overflow);
  EXPECT_EQ(failure("4611686018427387904 * 2"), Failure::Overflow);
  EXPECT_EQ(failure("-(-9223372036854775807 - 1)"), Failure::Overflow);
  EXPECT_EQ(failure("(-9223372036854775807 - 1) / -1"), Failure::Overflow);
  EXPECT_EQ(failure("ceil_div(-9223372036854775807 - 1, -1)"), Failure::Overflow);
  EXPECT_EQ(failure("1 << 63"), Failure::Overflow);
  EXPECT_EQ(failure("1 / 0"), Failure::DivisionByZero);
  EXPECT_EQ(failure("1 % (2 - 2)"), Failure::DivisionByZero);
  EXPECT_EQ(failure("ceil_div(1, 0)"), Failure::DivisionByZero);
  EXPECT_EQ(failure("1 << 64"), Failure::ShiftOutOfRange);
  EXPECT_EQ(failure("1 >> -1"), Failure::ShiftOutOfRange);
}

TEST(Expression, WhatIsNotReachedDoesNotFail) {
  EXPECT_EQ(number("0 and 1 / 0"), 0);
  EXPECT_EQ(number("1 or 1 / 0"), 1);
  EXPECT_EQ(number("1 ? 5 : 1 / 0"), 5);
  EXPECT_EQ(failure("1 and 1 / 0"), Failure::DivisionByZero);
}

TEST(Expression, Names) {
  EXPECT_EQ(number("batch * hidden"), 7 * 4096);
  EXPECT_EQ(number("`weird name/2` + 1"), 4);
  EXPECT_EQ(number("x % 16"), 0);
  EXPECT_EQ(number("workspace"), 0x1000);
}

TEST(Expression, Geometry) {
  LaunchView launch;
  for (std::uint32_t i = 0; i < kGeometryTerms; ++i) launch.geometry[i] = 10 + i;
  EXPECT_EQ(number("grid.x", launch), 10);
  EXPECT_EQ(number("grid . z", launch), 12);
  EXPECT_EQ(number("block.y", launch), 14);
  EXPECT_EQ(number("cluster.x", launch), 16);
  EXPECT_EQ(number("smem", launch), 19);
}

TEST(Expression, ParametersByTypeInBothForms) {
  struct Inner {
    std::int32_t small;
    float scale;
    std::uint64_t big;
  };
  LaunchBuilder builder;
  builder.param(std::uint8_t{200}).param(std::int64_t{-5}).param(Inner{-9, 1e-5f, ~0ull});
  for (const LaunchView& launch : {builder.view(), builder.packed()}) {
    EXPECT_EQ(number("param(0, 0, u8)", launch), 200);
    EXPECT_EQ(number("param(0, 0, i8)", launch), 200 - 256);
    EXPECT_EQ(number("param(0)", launch), 200 - 256);
    EXPECT_EQ(number("param(1)", launch), -5);
    EXPECT_EQ(number("param(1, 4, u32)", launch), 0xffffffff);
    EXPECT_EQ(number("param(2, 0, i32)", launch), -9);
    EXPECT_EQ(number("param(2, 4, f32) == f32(1e-5)", launch), 1);
    EXPECT_EQ(number("param(2, 8, i64)", launch), -1);
    EXPECT_EQ(failure("param(2, 8, u64)", launch), Failure::Overflow);
    EXPECT_EQ(failure("param(2, 8, ptr)", launch), Failure::Overflow);
  }
}

TEST(Expression, ReadsBeyondParametersFail) {
  LaunchBuilder builder;
  builder.param(std::uint32_t{1}).param(std::array<std::uint8_t, 3>{});
  LaunchView shorter = builder.packed();
  shorter.buffer_bytes = 3;
  EXPECT_EQ(failure("param(0)", shorter), Failure::NoSuchParameter);
  for (const LaunchView& launch : {builder.view(), builder.packed()}) {
    EXPECT_EQ(failure("param(2)", launch), Failure::NoSuchParameter);
    EXPECT_EQ(failure("param(0, 1, u32)", launch), Failure::NoSuchParameter);
    EXPECT_EQ(failure("param(0, 0, u64)", launch), Failure::NoSuchParameter);
    EXPECT_EQ(failure("param(0, 65535, u8)", launch), Failure::NoSuchParameter);
    EXPECT_EQ(failure("param(1)", launch), Failure::NoSuchParameter) << "of 3 bytes";
  }
  LaunchView unknown = builder.view();
  unknown.layout = nullptr;
  unknown.param_count = 0;
  EXPECT_EQ(failure("param(0)", unknown), Failure::NoSuchParameter);
  void* missing[] = {nullptr, nullptr};
  LaunchView null = builder.view();
  null.params = missing;
  EXPECT_EQ(failure("param(0, 0, u8)", null), Failure::NoSuchParameter);
}

TEST(Expression, FloatLiterals) {
  EXPECT_EQ(number("f32(1)"), 0x3f800000);
  EXPECT_EQ(number("f32(-0.5)"), 0xbf000000);
  EXPECT_EQ(number("f64(1)"), 0x3ff0000000000000);
  EXPECT_EQ(error("f32(1e99)").column, 5u);
  EXPECT_EQ(error("f32(batch)").column, 5u);
  EXPECT_EQ(error("f32(1 + 1)").column, 7u);
}

TEST(Expression, Literals) {
  EXPECT_EQ(number("9223372036854775807"), kHighest);
  EXPECT_EQ(number("0x7f"), 127);
  EXPECT_EQ(error("9223372036854775808").column, 1u);
  EXPECT_EQ(error("1 + 1.5").column, 5u);
  EXPECT_EQ(error("2 * 12ab").column, 5u);
  EXPECT_EQ(error("0x").column, 1u);
}

TEST(Expression, ErrorsSayWhere) {
  EXPECT_EQ(error("").column, 1u);
  EXPECT_EQ(error("1 +").column, 4u);
  EXPECT_EQ(error("1 2").column, 3u);
  EXPECT_EQ(error("(1").column, 3u);
  EXPECT_EQ(error("grid.w").column, 6u);
  EXPECT_EQ(error("grid").column, 5u);
  EXPECT_EQ(error("param(x)").column, 7u);
  EXPECT_EQ(error("param(1, 0)").column, 11u);
  EXPECT_EQ(error("param(1, 0, i128)").column, 13u);
  EXPECT_EQ(error("min(1)").column, 6u);
  EXPECT_EQ(error("ceil_div(1, 2, 3)").column, 14u);
  EXPECT_EQ(error("1 < 2 < 3").column, 7u);
  EXPECT_EQ(error("1 + not 2").column, 5u);
  EXPECT_EQ(error("1 $ 2").column, 3u);
  EXPECT_EQ(error("`open").column, 1u);
  EXPECT_EQ(error("1 ? 2").column, 6u);
  EXPECT_EQ(error("and 1").column, 1u);
  EXPECT_EQ(error("\xff").column, 1u);
  EXPECT_NE(error("both").message.find("axis as well as a tensor"), std::string::npos);
  EXPECT_NE(error("bach").message.find("batch"), std::string::npos) << "says what there is";
}

TEST(Expression, DepthAndLengthAreLimited) {
  const std::string open(2000, '('), close(2000, ')');
  EXPECT_NE(error(open + "1" + close).message.find("deep"), std::string::npos);
  EXPECT_FALSE(compile(std::string(3000, '-') + "1", names()).ok());
  std::string nots, branches, sum = "1";
  for (int i = 0; i < 500; ++i) nots += "not ", branches += "1?1:";
  EXPECT_FALSE(compile(nots + "1", names()).ok());
  EXPECT_FALSE(compile(branches + "1", names()).ok());
  EXPECT_NE(error(std::string(kMaxSource, ' ') + "1").message.find("4096"), std::string::npos);
  for (int i = 0; i < 600; ++i) sum += "+batch";
  EXPECT_NE(error(sum).message.find("too long"), std::string::npos);
  EXPECT_EQ(number("((((((((((((((((((((1))))))))))))))))))))"), 1);
}

}  // namespace
}  // namespace fib::match
