// SPDX-License-Identifier: Apache-2.0
#include "judge/compare/misread.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

namespace fib::judge {
namespace {

using registry::DType;

template <class T>
std::vector<std::byte> raw(const std::vector<T>& values, std::size_t bytes) {
  std::vector<std::byte> memory(bytes, std::byte{0xa5});
  std::memcpy(memory.data(), values.data(), std::min(bytes, values.size() * sizeof(T)));
  return memory;
}

TensorLayout layout(DType dtype, std::vector<std::int64_t> shape) {
  TensorLayout made{"y", dtype, std::move(shape), {}};
  made.strides = TensorLayout::contiguous(made.shape);
  return made;
}

std::vector<std::uint16_t> bfloats(const std::vector<float>& values) {
  std::vector<std::uint16_t> codes;
  for (const float value : values)
    codes.push_back(static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16));
  return codes;
}

/// [4, 6]: no two are alike.
std::vector<float> some(float scale = 1) {
  std::vector<float> values;
  for (int i = 0; i < 24; ++i) values.push_back(scale * static_cast<float>(i * i - 3 * i + 1));
  return values;
}

TEST(Misread, FindsNarrowerElements) {
  const auto found =
      misread(layout(DType::Float32, {4, 6}), raw(some(), 96), raw(bfloats(some()), 96));
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->is_dtype);
  EXPECT_EQ(found->detail, "right as bfloat16 instead of float32");
}

TEST(Misread, FindsWiderElementsAsFarAsTheyFit) {
  const auto found =
      misread(layout(DType::BFloat16, {4, 6}), raw(bfloats(some()), 48), raw(some(), 48));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->detail, "right as float32 instead of bfloat16");
}

TEST(Misread, FindsOtherIntegers) {
  std::vector<std::int64_t> wide;
  std::vector<std::int32_t> narrow;
  for (int i = 0; i < 12; ++i) {
    wide.push_back(7 * i - 3);
    narrow.push_back(7 * i - 3);
  }
  const auto found = misread(layout(DType::Int64, {12}), raw(wide, 96), raw(narrow, 96));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->detail, "right as int32 instead of int64");
}

TEST(Misread, FindsSwappedDimensions) {
  const std::vector<float> right = some();
  std::vector<float> swapped(24);
  for (std::size_t row = 0; row < 4; ++row)
    for (std::size_t column = 0; column < 6; ++column)
      swapped[column * 4 + row] = right[row * 6 + column];
  const auto found = misread(layout(DType::Float32, {4, 6}), raw(right, 96), raw(swapped, 96));
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->is_dtype);
  EXPECT_EQ(found->detail, "right as [6, 4] instead of [4, 6]");
  // The same two in the middle of more.
  std::vector<float> twice = right, both = swapped;
  for (std::size_t i = 0; i < 24; ++i) {
    twice.push_back(-right[i]);
    both.push_back(-swapped[i]);
  }
  const auto inner = misread(layout(DType::Float32, {2, 4, 6}), raw(twice, 192), raw(both, 192));
  ASSERT_TRUE(inner);
  EXPECT_EQ(inner->detail, "right as [2, 6, 4] instead of [2, 4, 6]");
}

TEST(Misread, SaysNothingOfValuesThatAreJustWrong) {
  std::vector<float> wrong = some();
  wrong[7] += 1;
  EXPECT_FALSE(misread(layout(DType::Float32, {4, 6}), raw(some(), 96), raw(wrong, 96)));
  // Too small for the absolute bound to tell anything.
  const auto tiny = bfloats(some(1e-6F));
  std::vector<std::uint16_t> other = tiny;
  for (std::uint16_t& code : other) code = static_cast<std::uint16_t>(code + 64);
  EXPECT_FALSE(misread(layout(DType::BFloat16, {4, 6}), raw(tiny, 48), raw(other, 48)));
}

TEST(Misread, SaysNothingWhereAllIsAlike) {
  const std::vector<float> zeros(24, 0);
  EXPECT_FALSE(misread(layout(DType::Float32, {4, 6}), raw(zeros, 96), raw(zeros, 96)));
}

}  // namespace
}  // namespace fib::judge
