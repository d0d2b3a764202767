// SPDX-License-Identifier: Apache-2.0
#include "replayer/steps.h"

#include <gtest/gtest.h>

namespace fib::replayer {
namespace {

using Launches = std::vector<std::uint64_t>;

/// A model: per step `layers` times the kernels 1, 2, 3, and then 9.
Launches model(int steps, int layers) {
  Launches launches;
  for (int step = 0; step < steps; ++step) {
    for (int layer = 0; layer < layers; ++layer) launches.insert(launches.end(), {1, 2, 3});
    launches.push_back(9);
  }
  return launches;
}

TEST(Steps, AStepIsMoreThanALayer) {
  const auto found = find_repetition(model(4, 30));
  ASSERT_TRUE(found);
  EXPECT_EQ(91u, found->period);
  EXPECT_DOUBLE_EQ(1.0, found->match);
}

TEST(Steps, ALaunchThatDiffersDoesNotMatter) {
  Launches launches = model(6, 10);
  launches[40] = 77;
  const auto found = find_repetition(launches);
  ASSERT_TRUE(found);
  EXPECT_EQ(31u, found->period);
  EXPECT_LT(found->match, 1.0);
}

TEST(Steps, WithoutRepetitionThereAreNone) {
  Launches launches(100);
  for (std::size_t i = 0; i < launches.size(); ++i) launches[i] = i;
  EXPECT_FALSE(find_repetition(launches));
  EXPECT_FALSE(find_repetition(Launches{}));
  EXPECT_FALSE(find_repetition(Launches{5}));
}

TEST(Steps, OneKernelAgainAndAgain) {
  const auto found = find_repetition(Launches(10, 4));
  ASSERT_TRUE(found);
  EXPECT_EQ(1u, found->period);
}

TEST(Steps, BeginAfterEveryWholePeriod) {
  EXPECT_EQ((std::vector<std::size_t>{0, 4, 8}), steps_of({4, 1.0}, 13));
  EXPECT_TRUE(steps_of({4, 1.0}, 3).empty());
}

}  // namespace
}  // namespace fib::replayer
