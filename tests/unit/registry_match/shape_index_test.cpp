// SPDX-License-Identifier: Apache-2.0
#include "registry/match/shape_index.h"

#include <gtest/gtest.h>

#include <random>

namespace fib::match {
namespace {

constexpr std::uint8_t kSlots[] = {0, 1, 2, 3};

ShapeIndex::Found find(const ShapeIndex& index, std::vector<std::int64_t> axes) {
  return index.find(axes.data(), kSlots);
}
void expect(const ShapeIndex& index, std::vector<std::int64_t> axes, std::int32_t candidate,
            Reason reason) {
  const auto found = find(index, axes);
  EXPECT_EQ(found.candidate, candidate) << axes[0];
  EXPECT_STREQ(to_string(found.reason), to_string(reason)) << axes[0];
}

ShapeIndex::Options ranges(std::size_t axes, double ratio = 4) {
  return {std::vector<bool>(axes, true), ratio};
}

TEST(ShapeIndex, OneAxis) {
  const ShapeIndex index(1, {{{1}, 5}, {{4}, 5}, {{8}, 6}, {{16}, kNoCandidate}, {{32}, 6}},
                         ranges(1));
  expect(index, {1}, 5, Reason::Exact);
  expect(index, {3}, 5, Reason::Range);
  expect(index, {4}, 5, Reason::Exact);
  expect(index, {6}, kNoCandidate, Reason::NotFound);
  expect(index, {8}, 6, Reason::Exact);
  expect(index, {16}, kNoCandidate, Reason::NotClear);
  expect(index, {20}, kNoCandidate, Reason::NotFound);
  expect(index, {0}, kNoCandidate, Reason::AxisOutOfRange);
  expect(index, {33}, kNoCandidate, Reason::AxisOutOfRange);
}

TEST(ShapeIndex, NeighboursThatAreFarApartSayNothing) {
  const ShapeIndex index(1, {{{1}, 0}, {{5}, 0}, {{20}, 0}}, ranges(1));
  expect(index, {2}, kNoCandidate, Reason::NotFound);
  expect(index, {6}, 0, Reason::Range);
}

TEST(ShapeIndex, ExactAxesHaveNoRanges) {
  ShapeIndex::Options options = ranges(2);
  options.ranges[1] = false;
  const ShapeIndex index(2, {{{1, 8}, 0}, {{4, 8}, 0}, {{4, 16}, 0}}, options);
  expect(index, {2, 8}, 0, Reason::Range);
  expect(index, {4, 12}, kNoCandidate, Reason::NotFound);
  expect(index, {2, 16}, kNoCandidate, Reason::NotFound);
}

TEST(ShapeIndex, BoxesNeedAllCornersAndNoDissent) {
  const std::vector<Point> corners = {{{2, 2}, 1}, {{2, 6}, 1}, {{6, 2}, 1}, {{6, 6}, 1}};
  expect(ShapeIndex(2, corners, ranges(2)), {3, 5}, 1, Reason::Range);
  expect(ShapeIndex(2, corners, ranges(2)), {2, 5}, 1, Reason::Range);

  std::vector<Point> three(corners.begin(), corners.end() - 1);
  expect(ShapeIndex(2, three, ranges(2)), {3, 5}, kNoCandidate, Reason::NotFound);

  std::vector<Point> dissent = corners;
  dissent.push_back({{4, 4}, 2});
  expect(ShapeIndex(2, dissent, ranges(2)), {3, 5}, kNoCandidate, Reason::NotFound);
  expect(ShapeIndex(2, dissent, ranges(2)), {4, 4}, 2, Reason::Exact);
}

TEST(ShapeIndex, ABoxSpansCoordinatesOfOtherLines) {
  const ShapeIndex index(2, {{{2, 2}, 1}, {{6, 2}, 1}, {{4, 100}, 1}}, ranges(2));
  expect(index, {4, 2}, 1, Reason::Range);
  expect(index, {5, 2}, 1, Reason::Range);
}

TEST(ShapeIndex, WithoutVariableAxesThereIsOnePoint) {
  const ShapeIndex index(0, {{{}, 3}}, ranges(0));
  expect(index, {0}, 3, Reason::Exact);
}

TEST(ShapeIndex, NothingMeasured) {
  const ShapeIndex index(1, {}, ranges(1));
  EXPECT_TRUE(index.empty());
  expect(index, {1}, kNoCandidate, Reason::NotFound);
}

TEST(ShapeIndex, TooManyCombinationsAreRefused) {
  std::vector<Point> points;
  for (std::int64_t i = 0; i < 300; ++i) points.push_back({std::vector<std::int64_t>(8, i + 1), 0});
  const ShapeIndex index(8, points, ranges(8));
  EXPECT_TRUE(index.overflowed());
  EXPECT_TRUE(index.empty());
}

/// What find() should say for one axis, straight from the rule.
ShapeIndex::Found by_rule(const std::vector<Point>& sorted, std::int64_t value) {
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const auto& [axes, winner] = sorted[i];
    if (axes[0] == value) {
      return {winner, winner == kNoCandidate ? Reason::NotClear : Reason::Exact};
    }
    if (axes[0] < value) continue;
    if (i == 0) return {kNoCandidate, Reason::AxisOutOfRange};
    const Point& before = sorted[i - 1];
    const bool agree = winner != kNoCandidate && before.winner == winner &&
                       static_cast<double>(axes[0]) <= 4 * static_cast<double>(before.axes[0]);
    return agree ? ShapeIndex::Found{winner, Reason::Range} : ShapeIndex::Found{};
  }
  return {kNoCandidate, Reason::AxisOutOfRange};
}

TEST(ShapeIndex, RandomLinesFollowTheRule) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<Point> points;
    for (std::int64_t value = round % 2 == 0 ? 1 : 3900; value < (round % 2 == 0 ? 500 : 4300);
         value += 1 + static_cast<std::int64_t>(random() % 40)) {
      points.push_back({{value}, static_cast<std::int32_t>(random() % 3) - 1});
    }
    const ShapeIndex index(1, points, ranges(1));
    for (std::int64_t value = -2; value < 4400; ++value) {
      const auto expected = by_rule(points, value);
      const auto found = find(index, {value});
      ASSERT_EQ(found.candidate, expected.candidate) << value;
      ASSERT_EQ(found.reason, expected.reason) << value;
    }
  }
}

}  // namespace
}  // namespace fib::match
