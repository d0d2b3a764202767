// SPDX-License-Identifier: Apache-2.0
#include "judge/statistics/paired.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace fib::judge {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Pairs with the ratios 1/100, 2/100 ... count/100, in an order that is none.
std::vector<Pair> ladder(int count) {
  std::vector<Pair> pairs;
  for (int i = 0; i < count; ++i) pairs.push_back({1.0 + i * 7 % count, 100});
  return pairs;
}

TEST(RatioInterval, IsThatOfTheSignTest) {
  // Of tables of confidence intervals for a median: 10 values, 2nd to 9th: 97.85 %.
  RatioInterval interval = ratio_interval(ladder(10), 0.95);
  EXPECT_DOUBLE_EQ(interval.ratio, 0.055);
  EXPECT_DOUBLE_EQ(interval.low, 0.02);
  EXPECT_DOUBLE_EQ(interval.high, 0.09);
  EXPECT_NEAR(interval.confidence, 0.978515625, 1e-12);
  // 20 values, 6th to 15th: 95.86 %.
  interval = ratio_interval(ladder(20), 0.95);
  EXPECT_DOUBLE_EQ(interval.low, 0.06);
  EXPECT_DOUBLE_EQ(interval.high, 0.15);
  EXPECT_NEAR(interval.confidence, 0.9586, 1e-4);
  // 99 % of 15 values: 3rd to 13th, 99.26 %.
  interval = ratio_interval(ladder(15), 0.99);
  EXPECT_DOUBLE_EQ(interval.ratio, 0.08);
  EXPECT_DOUBLE_EQ(interval.low, 0.03);
  EXPECT_NEAR(interval.confidence, 0.9926, 1e-4);
}

TEST(RatioInterval, HoldsForMorePairsThanADoubleHasPowersOfTwo) {
  const RatioInterval interval = ratio_interval(ladder(10'000), 0.95);
  EXPECT_NEAR(interval.low, 49.02, 0.02);  // 5000 - 1.96 * 50 values lie below
  EXPECT_NEAR(interval.high, 50.99, 0.02);
  EXPECT_NEAR(interval.confidence, 0.95, 0.002);
}

TEST(RatioInterval, SaysHowLittleFewPairsShow) {
  RatioInterval interval = ratio_interval({}, 0.95);
  EXPECT_EQ(interval.ratio, 1);
  EXPECT_EQ(interval.low, 0);
  EXPECT_EQ(interval.high, kInfinity);
  EXPECT_EQ(interval.confidence, 0);
  const Pair pairs[] = {{2, 1}, {3, 1}, {4, 1}};
  interval = ratio_interval(std::span(pairs, 1), 0.95);
  EXPECT_EQ(interval.ratio, 2);
  EXPECT_EQ(interval.low, 2);
  EXPECT_EQ(interval.high, 2);
  EXPECT_EQ(interval.confidence, 0);
  interval = ratio_interval(pairs, 0.95);
  EXPECT_EQ(interval.low, 2);
  EXPECT_EQ(interval.high, 4);
  EXPECT_EQ(interval.confidence, 0.75);
}

TEST(RatioInterval, TakesNoTimeThatIsNone) {
  const Pair pairs[] = {{0, 1}, {1, 0}, {0, 0}, {-1, 1}, {std::nan(""), 1}, {1, kInfinity}, {3, 2}};
  const RatioInterval interval = ratio_interval(pairs, 0.95);
  EXPECT_EQ(interval.ratio, 1.5);
  EXPECT_EQ(interval.confidence, 0);
}

TEST(PairedTest, StopsAtTheFirstLookIfAllAreEqual) {
  PairedTest test{StoppingRule{}};
  for (int i = 0; i < 19; ++i) test.add({1000, 1000});
  EXPECT_FALSE(test.done());
  test.add({1000, 1000});
  EXPECT_TRUE(test.done());
  EXPECT_EQ(test.verdict(), Speed::NoClearDifference);
  EXPECT_EQ(test.interval().low, 1);
  EXPECT_EQ(test.interval().high, 1);
  EXPECT_EQ(test.interval().confidence, 0.95);
}

TEST(PairedTest, LooksAtDoublesOnlyAndEndsAtTheMost) {
  StoppingRule rule;
  rule.min_pairs = 10;
  rule.max_pairs = 50;
  PairedTest test(rule);
  for (int i = 0; i < 10; ++i) test.add({i % 2 == 0 ? 900.0 : 1100.0, 1000});
  // From here on every pair is the same; a test that always looked would stop before 40.
  while (!test.done()) test.add({1000, 1000});
  EXPECT_EQ(test.pairs().size(), 40u);

  PairedTest noisy(rule);
  for (int i = 0; !noisy.done(); ++i) noisy.add({i % 2 == 0 ? 900.0 : 1100.0, 1000});
  EXPECT_EQ(noisy.pairs().size(), 50u);
  EXPECT_EQ(noisy.interval().confidence, rule.confidence);
}

TEST(PairedTest, NamesADifferenceBeyondTheMarginOnly) {
  const auto verdict = [](double incumbent, double candidate) {
    PairedTest test{StoppingRule{}};
    while (!test.done()) test.add({incumbent, candidate});
    return to_string(test.verdict());
  };
  EXPECT_EQ(verdict(1050, 1000), "faster");
  EXPECT_EQ(verdict(1000, 1050), "slower");
  EXPECT_EQ(verdict(1009, 1000), "no clear difference");
  EXPECT_EQ(verdict(1000, 1009), "no clear difference");
}

TEST(PairedTest, SaysNothingFromTooFewPairs) {
  PairedTest test{StoppingRule{}};
  for (int i = 0; i < 7; ++i) test.add({2000, 1000});
  EXPECT_EQ(test.verdict(), Speed::NoClearDifference);
  EXPECT_LT(test.interval().confidence, 0.95);
  test.add({2000, 1000});
  EXPECT_EQ(test.interval().confidence, 0.95);
  EXPECT_EQ(test.verdict(), Speed::Faster);
}

TEST(PairedTest, BearsARuleWithoutSense) {
  StoppingRule rule;
  rule.min_pairs = 0;
  rule.max_pairs = 0;
  EXPECT_TRUE(PairedTest(rule).done());
  rule.max_pairs = 3;
  PairedTest test(rule);
  while (!test.done()) test.add({0, 0});
  EXPECT_EQ(test.pairs().size(), 3u);
  EXPECT_EQ(test.verdict(), Speed::NoClearDifference);
}

TEST(Median, IsTheMiddle) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({3}), 3);
  EXPECT_EQ(median({4, 1, 3}), 3);
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
}

}  // namespace
}  // namespace fib::judge
