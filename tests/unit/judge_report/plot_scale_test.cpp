// SPDX-License-Identifier: Apache-2.0
#include "judge/report/plot_scale.h"

#include <gtest/gtest.h>

#include <limits>

namespace fib::judge {
namespace {

TEST(PlotScale, MapsLinearly) {
  const PlotScale scale(0, 1, 100, 200);
  EXPECT_FALSE(scale.is_log());
  EXPECT_DOUBLE_EQ(scale.at(0.25), 125);
  EXPECT_DOUBLE_EQ(scale.at(7), 200);
  const std::vector<double> expected = {0, 0.2, 0.4, 0.6, 0.8, 1};
  ASSERT_EQ(scale.ticks().size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(scale.ticks()[i], expected[i], 1e-12);
}

TEST(PlotScale, MapsFarApartValuesByTheirLogarithm) {
  const PlotScale scale(0.1, 10, 0, 100);
  EXPECT_TRUE(scale.is_log());
  EXPECT_NEAR(scale.at(1), 50, 1e-9);
  EXPECT_DOUBLE_EQ(scale.at(0), 0);  // below the range
  EXPECT_GE(scale.ticks().size(), 3U);
}

TEST(PlotScale, HasAFewTicksWhateverTheRange) {
  for (const auto& [low, high] : std::vector<std::pair<double, double>>{
           {0.999, 1.001}, {0.2, 1.1}, {0.9, 3.6}, {1e-3, 1e3}, {1, 1}, {0, 0}, {1e-9, 1e9}}) {
    const PlotScale scale(low, high, 0, 100);
    EXPECT_GE(scale.ticks().size(), 2U) << low << ' ' << high;
    EXPECT_LE(scale.ticks().size(), 16U) << low << ' ' << high;
    for (const double tick : scale.ticks()) {
      EXPECT_GE(scale.at(tick), 0);
      EXPECT_LE(scale.at(tick), 100);
    }
  }
}

TEST(PlotScale, WritesTicksShort) {
  EXPECT_EQ(tick_text(0.30000000000000004), "0.3");
  EXPECT_EQ(tick_text(-1e-17), "0");
  EXPECT_EQ(px(12.345), "12.3");
}

}  // namespace
}  // namespace fib::judge
