// SPDX-License-Identifier: Apache-2.0
#include "dispatch/shadow/scratch_units.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

namespace fib::dispatch {
namespace {

constexpr unsigned kUnits = ScratchUnits::kUnits, kNone = ScratchUnits::kNone;

TEST(ScratchUnits, GivesOutRunsFromTheBeginning) {
  ScratchUnits units;
  EXPECT_TRUE(units.all_free());
  EXPECT_EQ(units.claim(3), 0u);
  EXPECT_EQ(units.claim(1), 3u);
  EXPECT_EQ(units.claim(kUnits - 4), 4u);
  EXPECT_EQ(units.claim(1), kNone);
  units.release(0, 3);
  EXPECT_EQ(units.claim(4), kNone) << "the run is too short";
  EXPECT_EQ(units.claim(2), 0u);
  EXPECT_EQ(units.claim(1), 2u);
  EXPECT_FALSE(units.all_free());
}

TEST(ScratchUnits, AllOrNothing) {
  ScratchUnits units;
  EXPECT_EQ(units.claim(0), kNone);
  EXPECT_EQ(units.claim(kUnits + 1), kNone);
  EXPECT_EQ(units.claim(kUnits), 0u);
  EXPECT_EQ(units.claim(1), kNone);
  units.release(0, kUnits);
  EXPECT_TRUE(units.all_free());
}

/// Against the plain search, from any state.
TEST(ScratchUnits, FindsARunIfThereIsOne) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    ScratchUnits units;
    std::array<bool, kUnits> used{};
    ASSERT_EQ(units.claim(kUnits), 0u);
    for (unsigned i = 0; i < kUnits; ++i) {
      used[i] = random() % 4 == 0;
      if (!used[i]) units.release(i, 1);
    }
    const auto count = static_cast<unsigned>(1 + random() % 12);
    unsigned expected = kNone;
    for (unsigned i = 0, free = 0; i < kUnits && expected == kNone; ++i) {
      free = used[i] ? 0 : free + 1;
      if (free == count) expected = i + 1 - count;
    }
    ASSERT_EQ(units.claim(count), expected);
  }
}

TEST(ScratchUnits, NobodyGetsWhatAnotherHas) {
  ScratchUnits units;
  std::array<std::atomic<int>, kUnits> owners{};
  std::atomic<int> clashes{0};
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      for (int round = 0; round < 20000; ++round) {
        const auto count = static_cast<unsigned>(1 + random() % 20);
        const unsigned first = units.claim(count);
        if (first == kNone) continue;
        for (unsigned i = first; i < first + count; ++i) clashes += owners[i].fetch_add(1);
        for (unsigned i = first; i < first + count; ++i) --owners[i];
        units.release(first, count);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(clashes, 0);
  EXPECT_TRUE(units.all_free());
}

}  // namespace
}  // namespace fib::dispatch
