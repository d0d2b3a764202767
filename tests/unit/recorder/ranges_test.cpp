// SPDX-License-Identifier: Apache-2.0
#include "recorder/ranges.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace fib::recorder::test {
namespace {

/// Writes down what it is told: "+" entered, "-" left, and which entry by its order.
class Sink final : public RangeSink {
 public:
  void entered(std::uint64_t entry) noexcept override {
    entries.push_back(entry);
    log += "+" + std::to_string(entries.size());
  }
  void left(std::uint64_t entry) noexcept override {
    for (std::size_t i = 0; i < entries.size(); ++i)
      if (entries[i] == entry) log += "-" + std::to_string(i + 1);
  }
  std::string log;
  std::vector<std::uint64_t> entries;
};

class RangesTest : public ::testing::Test {
 protected:
  RangesTest() { watch_range("step", &sink_); }
  ~RangesTest() override {
    watch_range(nullptr, nullptr);
    for (std::uint32_t domain = 0; domain < 4; ++domain)
      while (range_popped(domain) >= 0) continue;
  }
  Sink sink_;
};

TEST_F(RangesTest, TellsOfTheWatchedRange) {
  range_pushed(0, "step");
  EXPECT_EQ(sink_.log, "+1");
  range_popped(0);
  range_pushed(0, "step");
  range_popped(0);
  EXPECT_EQ(sink_.log, "+1-1+2-2");
}

TEST_F(RangesTest, TellsOfNoOther) {
  for (const char* name : {"", "ste", "steps", "Step"}) {
    range_pushed(0, name);
    range_popped(0);
  }
  EXPECT_EQ(sink_.log, "");
}

TEST_F(RangesTest, LeavesWithTheMatchingPop) {
  range_pushed(0, "outer");
  range_pushed(0, "step");
  range_pushed(0, "inner");
  range_popped(0);
  EXPECT_EQ(sink_.log, "+1");
  range_popped(0);
  EXPECT_EQ(sink_.log, "+1-1");
  range_popped(0);
  EXPECT_EQ(sink_.log, "+1-1");
}

TEST_F(RangesTest, TellsOfTheOutermostOnly) {
  range_pushed(0, "step");
  range_pushed(0, "step");
  range_popped(0);
  EXPECT_EQ(sink_.log, "+1");
  range_popped(0);
  EXPECT_EQ(sink_.log, "+1-1");
}

TEST_F(RangesTest, NestsEachDomainByItself) {
  range_pushed(1, "step");
  range_pushed(2, "other");
  EXPECT_EQ(range_popped(1), 0);
  EXPECT_EQ(sink_.log, "+1-1");
  EXPECT_EQ(range_popped(2), 0);
  EXPECT_EQ(range_popped(2), -1);
}

TEST_F(RangesTest, CountsDepthAsNvtxDoes) {
  EXPECT_EQ(range_pushed(0, "a"), 0);
  EXPECT_EQ(range_pushed(0, "b"), 1);
  EXPECT_EQ(range_pushed(3, "c"), 0);
  EXPECT_EQ(range_popped(0), 1);
  EXPECT_EQ(range_popped(0), 0);
  EXPECT_EQ(range_popped(0), -1);
  EXPECT_EQ(range_popped(3), 0);
}

TEST_F(RangesTest, SurvivesAnyDepth) {
  range_pushed(0, "step");
  for (int i = 1; i < 1000; ++i) EXPECT_EQ(range_pushed(0, "step"), i);
  for (int i = 999; i > 0; --i) EXPECT_EQ(range_popped(0), i);
  EXPECT_EQ(sink_.log, "+1");
  EXPECT_EQ(range_popped(0), 0);
  EXPECT_EQ(sink_.log, "+1-1");
}

TEST_F(RangesTest, EndsStartedRangesOnAnyThread) {
  const std::uint64_t other = range_started("other"), step = range_started("step");
  EXPECT_NE(other, step);
  EXPECT_EQ(sink_.log, "+1");
  std::thread([&] { range_ended(other); }).join();
  EXPECT_EQ(sink_.log, "+1");
  std::thread([&] { range_ended(step); }).join();
  EXPECT_EQ(sink_.log, "+1-1");
}

TEST_F(RangesTest, KeepsThreadsApart) {
  range_pushed(0, "step");
  std::thread([&] {
    EXPECT_EQ(range_popped(0), -1);
    range_pushed(0, "step");
    range_popped(0);
  }).join();
  EXPECT_EQ(sink_.log, "+1+2-2");
}

TEST_F(RangesTest, TellsANewSinkOfWhatItsThreadIsIn) {
  watch_range(nullptr, nullptr);
  range_pushed(0, "step");
  range_pushed(0, "step");
  EXPECT_EQ(sink_.log, "");
  watch_range("step", &sink_);
  EXPECT_EQ(sink_.log, "+1");
  range_popped(0);
  range_popped(0);
  EXPECT_EQ(sink_.log, "+1-1");
}

TEST_F(RangesTest, ChangesItsNameAtAnyTime) {
  watch_range("phase", &sink_);
  range_pushed(0, "step");
  range_pushed(0, "phase");
  EXPECT_EQ(sink_.log, "+1");
}

}  // namespace
}  // namespace fib::recorder::test
