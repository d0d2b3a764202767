// SPDX-License-Identifier: Apache-2.0
#include "judge/compare/element.h"

#include <gtest/gtest.h>

#include <vector>

namespace fib::judge {
namespace {

using registry::DType;

template <DType Type, typename Stored>
double value(Stored stored) {
  std::byte bytes[sizeof stored];
  std::memcpy(bytes, &stored, sizeof stored);
  return static_cast<double>(Element<Type>::at(bytes, 0));
}

TEST(Element, KnowsFloat16) {
  const auto half = [](std::uint16_t bits) { return value<DType::Float16>(bits); };
  EXPECT_EQ(half(0x3c00), 1);
  EXPECT_EQ(half(0xc000), -2);
  EXPECT_EQ(half(0x7bff), 65504);
  EXPECT_EQ(half(0x0001), 0x1p-24);  // the smallest subnormal
  EXPECT_EQ(half(0x03ff), 1023 * 0x1p-24);
  EXPECT_EQ(half(0x0400), 0x1p-14);
  EXPECT_EQ(half(0x3555), 0.333251953125);
  EXPECT_EQ(half(0x7c00), HUGE_VAL);
  EXPECT_EQ(half(0xfc00), -HUGE_VAL);
  EXPECT_TRUE(std::isnan(half(0x7c01)));
  EXPECT_TRUE(std::isnan(half(0xfe00)));
  EXPECT_TRUE(std::signbit(half(0x8000)));
}

TEST(Element, KnowsBFloat16AndFloat32) {
  EXPECT_EQ(value<DType::BFloat16>(std::uint16_t{0x3f80}), 1);
  EXPECT_EQ(value<DType::BFloat16>(std::uint16_t{0xc049}), -3.140625);
  EXPECT_TRUE(std::isnan(value<DType::BFloat16>(std::uint16_t{0x7fc0})));
  EXPECT_EQ(value<DType::Float32>(0.1f), static_cast<double>(0.1f));
}

// The values of the tables in "FP8 Formats for Deep Learning" (Micikevicius and others, 2022).
TEST(Element, KnowsFloat8) {
  const auto e4m3 = [](std::uint8_t bits) { return value<DType::Float8E4M3>(bits); };
  EXPECT_EQ(e4m3(0x7e), 448);
  EXPECT_EQ(e4m3(0x08), 0x1p-6);
  EXPECT_EQ(e4m3(0x07), 0.875 * 0x1p-6);
  EXPECT_EQ(e4m3(0x01), 0x1p-9);
  EXPECT_EQ(e4m3(0xb8), -1);
  EXPECT_TRUE(std::isnan(e4m3(0x7f)));
  EXPECT_TRUE(std::isnan(e4m3(0xff)));
  EXPECT_EQ(e4m3(0x78), 256);  // no infinity
  const auto e5m2 = [](std::uint8_t bits) { return value<DType::Float8E5M2>(bits); };
  EXPECT_EQ(e5m2(0x7b), 57344);
  EXPECT_EQ(e5m2(0x04), 0x1p-14);
  EXPECT_EQ(e5m2(0x03), 0.75 * 0x1p-14);
  EXPECT_EQ(e5m2(0x01), 0x1p-16);
  EXPECT_EQ(e5m2(0xfc), -HUGE_VAL);
  EXPECT_TRUE(std::isnan(e5m2(0x7d)));
  for (unsigned i = 0; i < 256; ++i) {
    const double upper = value<DType::Float16>(static_cast<std::uint16_t>(i << 8));
    const double own = e5m2(static_cast<std::uint8_t>(i));
    EXPECT_TRUE(upper == own || (std::isnan(upper) && std::isnan(own))) << i;
  }
}

TEST(Element, KnowsFloat4InBothHalvesOfAByte) {
  const std::byte bytes[] = {std::byte{0x72}, std::byte{0x9f}};
  const auto at = [&](std::uint64_t i) { return Element<DType::Float4E2M1>::at(bytes, i); };
  EXPECT_EQ(at(0), 1);
  EXPECT_EQ(at(1), 6);
  EXPECT_EQ(at(2), -6);
  EXPECT_EQ(at(3), -0.5);
}

TEST(Element, KnowsIntegers) {
  EXPECT_EQ(value<DType::Int64>(std::int64_t{-7}), -7);
  EXPECT_EQ(value<DType::Int32>(std::int32_t{-7}), -7);
  EXPECT_EQ(value<DType::Int16>(std::int16_t{-7}), -7);
  EXPECT_EQ(value<DType::Int8>(std::int8_t{-7}), -7);
  EXPECT_EQ(value<DType::Bool>(std::uint8_t{255}), 255);
}

TEST(Element, IsChosenByItsType) {
  // One byte pattern that every type reads differently.
  const std::uint64_t bits = 0x8182'8384'8586'8788;
  std::vector<double> values;
  for (std::size_t i = 0; i < registry::kDTypeNames.size(); ++i) {
    values.push_back(with_element(static_cast<DType>(i), [&](auto element) {
      return static_cast<double>(element.at(reinterpret_cast<const std::byte*>(&bits), 0));
    }));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j)
      EXPECT_NE(values[i], values[j]) << registry::kDTypeNames[i] << registry::kDTypeNames[j];
  }
}

}  // namespace
}  // namespace fib::judge
