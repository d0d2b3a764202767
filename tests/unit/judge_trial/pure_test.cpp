// SPDX-License-Identifier: Apache-2.0
// What needs no GPU: patterns, and fresh inputs.
#include <algorithm>
#include <cstring>
#include <numeric>

#include "judge/trial/fresh_inputs.h"
#include "judge/trial/pattern.h"
#include "trial_fixture.h"

namespace fib::judge::testing {
namespace {

TEST(Pattern, PairsDifferInEveryByte) {
  std::vector<std::byte> a(1001), b(1001);
  fill_pattern(a, 5, 0);
  fill_pattern(b, 5, 1);
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NE(a[i], b[i]);
  fill_pattern(b, 5, 2);
  EXPECT_NE(a, b);
}

TEST(Pattern, PiecesMakeUpTheWhole) {
  std::vector<std::byte> whole(100), pieces(100);
  fill_pattern(whole, 9, 4, 3);
  fill_pattern(std::span(pieces).first(13), 9, 4, 3);
  fill_pattern(std::span(pieces).subspan(13), 9, 4, 16);
  EXPECT_EQ(whole, pieces);
}

TEST(Shuffle, RowsKeepTheirValues) {
  const TensorLayout layout{"t", registry::DType::Float32, {8, 16}, {20, 1}};
  std::vector<float> values(8 * 20);
  std::iota(values.begin(), values.end(), 0.0F);
  const std::vector<float> before = values;
  Random random(3);
  shuffle(layout, std::as_writable_bytes(std::span(values)).first(layout.extent_bytes()), random);
  std::vector<float> sums, expected;
  for (std::size_t row = 0; row < 8; ++row) {
    sums.push_back(std::accumulate(&values[row * 20], &values[row * 20] + 16, 0.0F));
    expected.push_back(std::accumulate(&before[row * 20], &before[row * 20] + 16, 0.0F));
    for (std::size_t i = 16; i < 20; ++i) EXPECT_EQ(values[row * 20 + i], before[row * 20 + i]);
  }
  EXPECT_NE(sums, expected);  // in another order
  std::sort(sums.begin(), sums.end());
  EXPECT_EQ(sums, expected);
}

TEST(Shuffle, IndicesAreNoData) {
  EXPECT_TRUE(is_data(registry::DType::BFloat16));
  EXPECT_TRUE(is_data(registry::DType::Int8));
  EXPECT_FALSE(is_data(registry::DType::Int32));
  EXPECT_FALSE(is_data(registry::DType::Bool));
}

}  // namespace
}  // namespace fib::judge::testing
