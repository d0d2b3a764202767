// SPDX-License-Identifier: Apache-2.0
#include "judge/statistics/throttle.h"

#include <gtest/gtest.h>

namespace fib::judge {
namespace {

using Drops = std::vector<bool>;

ClockReading reading(double at, double mhz) { return {at, mhz, false, false}; }

TEST(Throttle, DropsWhatTheGpuWasThrottledFor) {
  const SampleTime samples[] = {{0, 10}, {20, 30}, {40, 50}, {60, 70}};
  std::vector<ClockReading> readings = {reading(-1, 1980), reading(15, 1980), reading(25, 1980),
                                        reading(35, 1980), reading(55, 1980), reading(75, 1980)};
  EXPECT_EQ(samples_to_drop(samples, readings), (Drops{false, false, false, false}));
  readings[2].throttled = true;  // within the second
  EXPECT_EQ(samples_to_drop(samples, readings), (Drops{false, true, false, false}));
  readings[3].throttled = true;  // between the second and the third
  EXPECT_EQ(samples_to_drop(samples, readings), (Drops{false, true, true, false}));
}

TEST(Throttle, DropsWhereTheClockChanged) {
  const SampleTime samples[] = {{0, 10}, {20, 30}, {40, 50}};
  const ClockReading readings[] = {reading(-1, 1980), reading(15, 1965), reading(35, 1755),
                                   reading(55, 1755)};
  EXPECT_EQ(samples_to_drop(samples, readings), (Drops{false, true, false}));
  EXPECT_EQ(samples_to_drop(samples, readings, 0.2), (Drops{false, false, false}));
}

TEST(Throttle, TakesNoNoticeOfAnIdleClock) {
  const SampleTime samples[] = {{0, 10}};
  ClockReading readings[] = {reading(-1, 345), reading(5, 1980), reading(11, 1980)};
  EXPECT_EQ(samples_to_drop(samples, readings), (Drops{true}));
  readings[0].idle = true;
  EXPECT_EQ(samples_to_drop(samples, readings), (Drops{false}));
}

TEST(Throttle, KeepsWhatItKnowsNothingAbout) {
  const SampleTime samples[] = {{0, 10}, {20, 30}};
  EXPECT_EQ(samples_to_drop(samples, {}), (Drops{false, false}));
  EXPECT_EQ(samples_to_drop({}, {}), Drops{});
  const ClockReading unknown[] = {reading(5, 0), reading(25, 1980)};
  EXPECT_EQ(samples_to_drop(samples, unknown), (Drops{false, false}));
}

}  // namespace
}  // namespace fib::judge
