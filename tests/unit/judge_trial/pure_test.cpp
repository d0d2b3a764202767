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

/// 8 rows of 16 values, 20 apart.
class Fresh : public ::testing::Test {
 protected:
  void apply(Change how) {
    Random random(3);
    change(layout, std::as_writable_bytes(std::span(values)).first(layout.extent_bytes()), how,
           random);
    for (std::size_t row = 0; row < 8; ++row)
      for (std::size_t i = 16; i < 20 && row * 20 + i < values.size(); ++i)
        EXPECT_EQ(values[row * 20 + i], before[row * 20 + i]);
  }
  static std::vector<float> sums(const std::vector<float>& of) {
    std::vector<float> result;
    for (std::size_t row = 0; row < 8; ++row)
      result.push_back(std::accumulate(&of[row * 20], &of[row * 20] + 16, 0.0F));
    return result;
  }

  const TensorLayout layout{"t", registry::DType::Float32, {8, 16}, {20, 1}};
  std::vector<float> before = [] {
    std::vector<float> made(8 * 20);
    std::iota(made.begin(), made.end(), 0.0F);
    return made;
  }();
  std::vector<float> values = before;
};

TEST_F(Fresh, ShuffledRowsKeepTheirValues) {
  apply(Change::Shuffle);
  std::vector<float> now = sums(values);
  EXPECT_NE(now, sums(before));  // in another order
  std::sort(now.begin(), now.end());
  EXPECT_EQ(now, sums(before));
}

TEST_F(Fresh, RedrawnRowsHaveOtherSums) {
  apply(Change::Redraw);
  EXPECT_NE(std::accumulate(values.begin(), values.end(), 0.0F),
            std::accumulate(before.begin(), before.end(), 0.0F));
}

TEST(FreshLarge, IsRedrawnFromEverywhere) {
  constexpr std::int64_t kMany = 1 << 20;
  std::vector<float> values(kMany);
  std::iota(values.begin(), values.end(), 0.0F);
  Random random(3);
  change({"t", registry::DType::Float32, {kMany}, {1}}, std::as_writable_bytes(std::span(values)),
         Change::Redraw, random);
  int same = 0;
  for (std::size_t i = 0; i < values.size(); ++i) same += values[i] == static_cast<float>(i);
  EXPECT_LT(same, 100);
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  EXPECT_GE(*least, 0);
  EXPECT_LT(*most, static_cast<float>(kMany));
  EXPECT_GT(*most - *least, static_cast<float>(kMany) / 2);
}

TEST_F(Fresh, FewValuesChange) {
  apply(Change::Few);
  int changed = 0;
  for (std::size_t i = 0; i < values.size(); ++i) changed += values[i] != before[i];
  EXPECT_GT(changed, 4);
  EXPECT_LE(changed, 8);
}

TEST(FreshInputs, IndicesAreNoData) {
  EXPECT_TRUE(is_data(registry::DType::BFloat16));
  EXPECT_TRUE(is_data(registry::DType::Int8));
  EXPECT_FALSE(is_data(registry::DType::Int32));
  EXPECT_FALSE(is_data(registry::DType::Bool));
}

}  // namespace
}  // namespace fib::judge::testing
