// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <random>

#include "tests/unit/judge_compare/launch.h"

namespace fib::judge {
namespace {

using registry::DType;
using testing::bytes_of;
using Shape = std::vector<std::int64_t>;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TensorLayout layout(DType dtype, const Shape& shape) {
  return {"y", dtype, shape, TensorLayout::contiguous(shape)};
}

Comparison floats(const std::vector<float>& expected, const std::vector<float>& got,
                  const Tolerance& tolerance = {}, const std::vector<float>& noise = {}) {
  return compare_elements(layout(DType::Float32, {static_cast<std::int64_t>(expected.size())}),
                          tolerance, bytes_of(expected), bytes_of(got), bytes_of(noise));
}

TEST(Layout, HasAnExtent) {
  EXPECT_EQ(layout(DType::Float32, {}).extent_bytes(), 4u);
  EXPECT_EQ(layout(DType::BFloat16, {3, 5}).extent_bytes(), 30u);
  EXPECT_EQ(layout(DType::Float4E2M1, {3, 5}).extent_bytes(), 8u);
  EXPECT_EQ((TensorLayout{"y", DType::Float32, {3, 5}, {8, 1}}.extent_bytes()), 84u);
  EXPECT_EQ((TensorLayout{"y", DType::Float32, {3, 5}, {0, 1}}.extent_bytes()), 20u);
  EXPECT_EQ(layout(DType::Float32, {3, 0}).extent_bytes(), 0u);
}

TEST(Layout, KnowsWhatCannotBe) {
  constexpr std::uint64_t kImpossible = ~std::uint64_t{0};
  const std::int64_t much = std::int64_t{1} << 40;
  EXPECT_EQ(layout(DType::Float32, {much, much}).extent_bytes(), kImpossible);
  EXPECT_EQ(layout(DType::Float32, {much, much}).elements(), kImpossible);
  EXPECT_EQ(layout(DType::Float32, {much, much, 0}).elements(), kImpossible);
  EXPECT_EQ(layout(DType::Float32, {0, much, much}).elements(), 0u);
  EXPECT_EQ(layout(DType::Float32, {-1}).elements(), kImpossible);
  EXPECT_EQ((TensorLayout{"y", DType::Int8, {2}, {-1}}.extent_bytes()), kImpossible);
  EXPECT_EQ((TensorLayout{"y", DType::Int8, {2, 2}, {1}}.extent_bytes()), kImpossible);
  EXPECT_EQ((TensorLayout{"y", DType::Int64, {2}, {much << 22}}.extent_bytes()), kImpossible);
}

TEST(Elements, PassIfEqual) {
  const Comparison result = floats({1, 2, kNan, kInfinity}, {1, 2, kNan, kInfinity});
  EXPECT_TRUE(result.passed);
  EXPECT_EQ(result.reason, "");
  EXPECT_EQ(result.elements, 4u);
  EXPECT_EQ(result.max_absolute, 0);
  EXPECT_EQ(result.matched_ratio(), 1);
}

TEST(Elements, MayBeOffByAbsoluteAndRelativeTolerance) {
  const Tolerance tolerance{0.5, 0.125, 1};
  EXPECT_TRUE(floats({8}, {9.5}, tolerance).passed);
  EXPECT_TRUE(floats({-8}, {-6.5}, tolerance).passed);
  const Comparison result = floats({1, 8, 0}, {1, 9.625, 0.25}, tolerance);
  EXPECT_FALSE(result.passed);
  EXPECT_EQ(result.reason, "wrong values");
  EXPECT_EQ(result.wrong, 1u);
  EXPECT_EQ(result.index, Shape{1});
  EXPECT_EQ(result.expected, 8);
  EXPECT_EQ(result.got, 9.625);
  EXPECT_EQ(result.max_absolute, 1.625);
  EXPECT_NEAR(result.max_relative, 0.25e8, 1);  // of the zero, as upstream has it
  EXPECT_EQ(result.detail, "y[1]: expected 8, got 9.625; 1 of 3 elements are wrong");
}

TEST(Elements, NeedToMatchInPartOnly) {
  const Tolerance tolerance{0, 0, 0.75};
  EXPECT_TRUE(floats({1, 2, 3, 4}, {1, 2, 3, 5}, tolerance).passed);
  EXPECT_FALSE(floats({1, 2, 3, 4}, {1, 2, 4, 5}, tolerance).passed);
  EXPECT_EQ(floats({1, 2, 3, 4}, {1, 2, 4, 5}, tolerance).matched_ratio(), 0.5);
  // What is no number is never forgiven.
  EXPECT_EQ(floats({1, 2, 3, 4}, {1, 2, 3, kNan}, tolerance).reason, "NaN");
  EXPECT_EQ(floats({1, 2, 3, 4}, {1, 2, 3, kInfinity}, tolerance).reason, "infinity");
}

TEST(Elements, AreNanAndInfinityOnlyWhereTheIncumbentHasThem) {
  const Tolerance wide{100, 100, 1};
  Comparison result = floats({kNan, 1}, {0, 1}, wide);
  EXPECT_EQ(result.reason, "wrong values");
  EXPECT_TRUE(std::isnan(result.max_absolute));
  result = floats({0, 1}, {kNan, 1}, wide);
  EXPECT_EQ(result.reason, "NaN");
  EXPECT_TRUE(std::isnan(result.max_relative));
  EXPECT_EQ(floats({kInfinity}, {1}, wide).reason, "wrong values");
  result = floats({kInfinity}, {-kInfinity}, wide);
  EXPECT_EQ(result.reason, "infinity");
  EXPECT_EQ(result.max_absolute, HUGE_VAL);
  EXPECT_EQ(result.max_relative, HUGE_VAL);
  EXPECT_EQ(floats({kInfinity}, {kNan}, wide).reason, "NaN");
}

TEST(Elements, MayBeOffByTheIncumbentsNoise) {
  const Tolerance tolerance{0.25, 0, 1};
  EXPECT_FALSE(floats({1}, {2}, tolerance).passed);
  EXPECT_TRUE(floats({1}, {2}, tolerance, {1.75}).passed);
  EXPECT_TRUE(floats({1}, {2}, tolerance, {0.25}).passed);
  EXPECT_FALSE(floats({1}, {2.25}, tolerance, {1.75}).passed);
  EXPECT_FALSE(floats({1, 1}, {1, 2}, tolerance, {1.75, 1}).passed);
  // A second run that has no number where the first has one excuses no other number.
  EXPECT_TRUE(floats({1}, {kNan}, tolerance, {kNan}).passed);
  EXPECT_FALSE(floats({1}, {2}, tolerance, {kNan}).passed);
  EXPECT_TRUE(floats({kNan}, {3}, tolerance, {3}).passed);
}

TEST(Elements, AreExactForIntegers) {
  const Tolerance exact = default_tolerance(DType::Int64);
  const std::int64_t large = (std::int64_t{1} << 53) + 1;  // no double
  const std::vector<std::int64_t> expected = {5, large}, got = {5, large - 1};
  const auto compare = [&](const auto& a, const auto& b) {
    return compare_elements(layout(DType::Int64, {2}), exact, bytes_of(a), bytes_of(b));
  };
  EXPECT_TRUE(compare(expected, expected).passed);
  const Comparison result = compare(expected, got);
  EXPECT_FALSE(result.passed);
  EXPECT_EQ(result.max_absolute, 1);
  const std::vector<std::int64_t> least = {INT64_MIN, 0}, most = {INT64_MAX, 0};
  EXPECT_EQ(compare(least, most).max_absolute, 0x1p64);
}

TEST(Elements, MustBeThere) {
  const std::vector<float> few = {1}, enough = {1, 2};
  const TensorLayout two = layout(DType::Float32, {2});
  for (const auto& [expected, got, noise] :
       {std::tuple(few, enough, enough), std::tuple(enough, few, enough),
        std::tuple(enough, enough, few)}) {
    const Comparison result =
        compare_elements(two, {}, bytes_of(expected), bytes_of(got), bytes_of(noise));
    EXPECT_FALSE(result.passed);
    EXPECT_EQ(result.reason, "wrong size");
    EXPECT_EQ(result.detail, "y has 4 bytes instead of 8");
  }
  EXPECT_EQ(
      compare_elements(layout(DType::Float32, {-3}), {}, bytes_of(enough), bytes_of(enough)).reason,
      "wrong size");
  EXPECT_TRUE(compare_elements(layout(DType::Float32, {0}), {}, {}, {}).passed);
}

/// Every element of a layout by its index, the slow and plain way.
void count_plainly(const TensorLayout& layout, const std::vector<std::uint16_t>& expected,
                   const std::vector<std::uint16_t>& got, std::uint64_t& wrong, Shape& first) {
  Shape index(layout.shape.size(), 0);
  for (std::uint64_t n = layout.elements(); n > 0; --n) {
    std::int64_t at = 0;
    for (std::size_t i = 0; i < index.size(); ++i) at += index[i] * layout.strides[i];
    const auto place = static_cast<std::size_t>(at);
    if (expected[place] != got[place] && wrong++ == 0) first = index;
    for (std::size_t i = index.size(); i-- > 0;) {
      if (++index[i] < layout.shape[i]) break;
      index[i] = 0;
    }
  }
}

TEST(Elements, AreFoundInEveryLayout) {
  std::mt19937 random(5);
  std::vector<std::uint16_t> expected(200'000);
  for (auto& value : expected) value = static_cast<std::uint16_t>(random() % 1000);
  std::vector<std::uint16_t> got = expected;
  for (int i = 0; i < 300; ++i) got[random() % got.size()] = 2000;
  const TensorLayout layouts[] = {{"y", DType::Int16, {40, 50, 60}, {3000, 60, 1}},
                                  {"y", DType::Int16, {40, 50, 60}, {4000, 64, 1}},
                                  {"y", DType::Int16, {60, 50, 40}, {1, 60, 3000}},
                                  {"y", DType::Int16, {40, 1, 60}, {4000, 7, 2}},
                                  {"y", DType::Int16, {3, 5000, 3}, {0, 10, 1}},
                                  {"y", DType::Int16, {1, 1, 150'000}, {9, 9, 1}},
                                  {"y", DType::Int16, {4, 25'000, 2}, {50'000, 2, 1}}};
  for (const TensorLayout& layout : layouts) {
    std::uint64_t wrong = 0;
    Shape first;
    count_plainly(layout, expected, got, wrong, first);
    const Comparison result = compare_elements(layout, {}, bytes_of(expected), bytes_of(got));
    ASSERT_GT(wrong, 0u);
    EXPECT_EQ(result.wrong, wrong);
    EXPECT_EQ(result.index, first);
    EXPECT_EQ(result.elements, layout.elements());
  }
}

TEST(Elements, OfHalfAByteCount) {
  const TensorLayout four = layout(DType::Float4E2M1, {2, 3});
  const std::vector<std::uint8_t> expected = {0x21, 0x43, 0x65}, got = {0x21, 0x53, 0x65};
  const Comparison result = compare_elements(four, {}, bytes_of(expected), bytes_of(got));
  EXPECT_EQ(result.wrong, 1u);
  EXPECT_EQ(result.index, (Shape{1, 0}));
  EXPECT_EQ(result.expected, 2);
  EXPECT_EQ(result.got, 3);
}

TEST(Tolerances, AreThoseOfTheType) {
  EXPECT_EQ(default_tolerance(DType::Float32).relative, 1e-3);
  EXPECT_EQ(default_tolerance(DType::BFloat16).absolute, 1e-2);
  EXPECT_EQ(default_tolerance(DType::Float8E5M2).absolute, 0.125);
  EXPECT_EQ(default_tolerance(DType::Bool).absolute, 0);
  registry::Definition definition;
  definition.op_type = "moe";
  EXPECT_EQ(tolerance_for(definition, DType::BFloat16).matched_ratio, 0.95);
  EXPECT_EQ(tolerance_for(definition, DType::Int32).matched_ratio, 1);
  definition.op_type = "gemm";
  EXPECT_EQ(tolerance_for(definition, DType::BFloat16).matched_ratio, 1);
}

TEST(Comparers, CompareElementsIfNothingIsKnownOfTheMeaning) {
  testing::Launch launch("gemm");
  launch.input<float>("a", {1}, {1});
  launch.output<float>("c", {2}, {1, 2}, {1, 3}).output<float>("d", {1}, {1}, {1});
  EXPECT_EQ(comparer_for(launch.definition())->name(), "elements");
  EXPECT_EQ(launch.compare("c").reason, "wrong values");
  EXPECT_TRUE(launch.compare("d").passed);
  launch.compared().tensors.erase("d");
  EXPECT_EQ(comparer_for(launch.definition())->compare(launch.compared()).count("d"), 0u);
}

// Hundreds of megabytes are ordinary. The limit is far above what it takes, and far below what a
// decision for each element would.
TEST(Elements, OfLargeTensorsAreFoundByAllThreads) {
  std::vector<float> expected(9 << 20, 1), got = expected;
  got[100] = 3;
  got[5 << 20] = 4;
  got[(8 << 20) + 1] = kNan;
  got.back() = 2;
  const Comparison result = floats(expected, got);
  EXPECT_EQ(result.wrong, 4u);
  EXPECT_EQ(result.index, Shape{100});
  EXPECT_EQ(result.got, 3);
  EXPECT_EQ(result.reason, "NaN");
  EXPECT_TRUE(std::isnan(result.max_absolute));
}

TEST(Elements, AreComparedFast) {
  const std::int64_t count = std::int64_t{64} << 20;
  std::vector<std::uint16_t> expected(static_cast<std::size_t>(count), 0x3f80);
  std::vector<std::uint16_t> got = expected;
  got.back() = 0x4000;
  const auto begin = std::chrono::steady_clock::now();
  const Comparison result =
      compare_elements(layout(DType::BFloat16, {count}), {}, bytes_of(expected), bytes_of(got));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(result.index, Shape{count - 1});
  EXPECT_LT(took.count(), 2.0);
  RecordProperty("milliseconds", static_cast<int>(took.count() * 1e3));
}

}  // namespace
}  // namespace fib::judge
