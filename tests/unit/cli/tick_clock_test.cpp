// SPDX-License-Identifier: Apache-2.0
#include "launches/tick_clock.h"

#include <gtest/gtest.h>

namespace fib::launches {
namespace {

trace::Clock at(std::uint64_t ticks, std::uint64_t monotonic, std::uint64_t unix_ns = 0) {
  return {ticks, {unix_ns, monotonic}};
}

TEST(TickClock, OneTickIsOneNanosecondWithoutAnyClock) {
  EXPECT_DOUBLE_EQ(TickClock().since_start(123), 123);
}

TEST(TickClock, UsesTheRateWhileThereIsOneClock) {
  TickClock clock;
  clock.set_rate(2'000'000'000);
  clock.add(at(1000, 77, 555));
  EXPECT_DOUBLE_EQ(clock.since_start(1200), 100);
  EXPECT_DOUBLE_EQ(clock.since_start(800), -100);
  EXPECT_DOUBLE_EQ(clock.duration(10), 5);
  EXPECT_EQ(clock.start_unix_ns(), 555u);
}

TEST(TickClock, InterpolatesBetweenNeighbours) {
  TickClock clock;
  clock.add(at(3000, 2500));  // the second half runs at half the rate
  clock.add(at(1000, 1000));
  clock.add(at(2000, 2000));
  EXPECT_DOUBLE_EQ(clock.since_start(1500), 500);
  EXPECT_DOUBLE_EQ(clock.since_start(2000), 1000);
  EXPECT_DOUBLE_EQ(clock.since_start(2500), 1250);
}

TEST(TickClock, GoesOnAtTheNearestRateOutside) {
  TickClock clock;
  clock.add(at(1000, 1000));
  clock.add(at(2000, 2000));
  clock.add(at(3000, 2500));
  EXPECT_DOUBLE_EQ(clock.since_start(900), -100);
  EXPECT_DOUBLE_EQ(clock.since_start(5000), 2500);
}

TEST(TickClock, TheLogStartsWithItsFirstRecordIfThatIsBeforeTheFirstClock) {
  TickClock clock;
  clock.set_rate(2'000'000'000);
  clock.cover(600);
  clock.add(at(1000, 77, 1'700'000'000'000'000'555));
  clock.cover(800);
  EXPECT_DOUBLE_EQ(clock.since_start(600), 0);
  EXPECT_DOUBLE_EQ(clock.since_start(1000), 200);
  EXPECT_EQ(clock.start_unix_ns(), 1'700'000'000'000'000'355u);
  clock.add(at(2000, 1077));  // half as fast as thought
  EXPECT_DOUBLE_EQ(clock.since_start(1000), 400);
}

TEST(TickClock, IgnoresClocksThatRunBackwards) {
  TickClock clock;
  clock.add(at(1000, 1000));
  clock.add(at(2000, 2000));
  clock.add(at(1500, 9000));
  clock.add(at(1000, 1));
  clock.set_rate(0);
  EXPECT_DOUBLE_EQ(clock.since_start(1500), 500);
}

}  // namespace
}  // namespace fib::launches
