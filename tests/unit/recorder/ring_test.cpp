// SPDX-License-Identifier: Apache-2.0
#include "recorder/ring.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace fib::recorder {
namespace {

/// A ring of 256 bytes, and what it is expected to hand over.
class RingTest : public testing::Test {
 protected:
  static constexpr std::size_t kBytes = 256;

  /// Reserves `bytes`, fills them with `value` and commits them.
  bool put(std::size_t bytes, int value) {
    std::byte* room = ring_.reserve(bytes);
    if (room == nullptr) return false;
    std::memset(room, value, bytes);
    ring_.commit(bytes);
    return true;
  }
  /// The pending bytes, as runs of {value, length}.
  struct Run {
    int value;
    std::size_t bytes;
    bool operator==(const Run&) const = default;
  };
  [[nodiscard]] std::vector<Run> runs() const {
    std::vector<Run> result;
    const Ring::Pending pending = ring_.pending();
    for (const auto& span : {pending.first, pending.second})
      for (const std::byte b : span) {
        const int value = std::to_integer<int>(b);
        if (result.empty() || result.back().value != value) result.push_back({value, 0});
        ++result.back().bytes;
      }
    return result;
  }
  void drain() { ring_.release(ring_.pending()); }

  alignas(64) std::byte memory_[kBytes] = {};
  Ring ring_{memory_, kBytes};
};

#define EXPECT_RUNS(...) EXPECT_EQ(runs(), (std::vector<Run>{__VA_ARGS__}))

TEST_F(RingTest, IsEmptyAtFirst) {
  EXPECT_EQ(ring_.size(), kBytes);
  EXPECT_EQ(ring_.pending().bytes(), 0u);
  drain();
  EXPECT_EQ(ring_.pending().bytes(), 0u);
}

TEST_F(RingTest, HandsOverWhatWasCommitted) {
  ASSERT_TRUE(put(24, 1));
  ASSERT_TRUE(put(8, 2));
  EXPECT_RUNS({1, 24}, {2, 8});
  drain();
  EXPECT_RUNS();
  ASSERT_TRUE(put(16, 3));
  EXPECT_RUNS({3, 16});
}

TEST_F(RingTest, ShowsNothingBeforeCommit) {
  ASSERT_NE(ring_.reserve(64), nullptr);
  EXPECT_EQ(ring_.pending().bytes(), 0u);
}

TEST_F(RingTest, RefusesWhenFullAndGoesOnAfterwards) {
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(put(64, i + 1));
  EXPECT_FALSE(put(8, 9));
  EXPECT_FALSE(put(8, 9));
  EXPECT_RUNS({1, 64}, {2, 64}, {3, 64}, {4, 64});
  drain();
  ASSERT_TRUE(put(64, 5));
  EXPECT_RUNS({5, 64});
}

TEST_F(RingTest, TakesARecordAsLargeAsItself) {
  ASSERT_TRUE(put(kBytes, 1));
  EXPECT_FALSE(put(8, 2));
  EXPECT_RUNS({1, kBytes});
  drain();
  ASSERT_TRUE(put(kBytes, 2));
  EXPECT_RUNS({2, kBytes});
}

TEST_F(RingTest, RefusesARecordLargerThanItself) {
  EXPECT_FALSE(put(kBytes + 8, 1));
  ASSERT_TRUE(put(8, 2));
  EXPECT_FALSE(put(kBytes + 8, 1));
  EXPECT_RUNS({2, 8});
}

TEST_F(RingTest, SkipsTheEndWhenARecordDoesNotFitThere) {
  ASSERT_TRUE(put(200, 1));
  drain();
  ASSERT_TRUE(put(24, 2));
  ASSERT_TRUE(put(64, 3));  // 32 bytes are left before the end
  EXPECT_EQ(ring_.pending().first.size(), 24u);
  EXPECT_EQ(ring_.pending().second.size(), 64u);
  EXPECT_RUNS({2, 24}, {3, 64});
  drain();
  EXPECT_RUNS();
  ASSERT_TRUE(put(8, 4));
  EXPECT_RUNS({4, 8});
}

TEST_F(RingTest, WrapsEarlyWithNothingBeforeTheWrap) {
  ASSERT_TRUE(put(200, 1));
  drain();
  ASSERT_TRUE(put(64, 2));
  EXPECT_RUNS({2, 64});
  drain();
  EXPECT_EQ(ring_.pending().bytes(), 0u);
}

TEST_F(RingTest, DoesNotOverwriteUnreadBytesWhenItWraps) {
  ASSERT_TRUE(put(64, 1));
  ASSERT_TRUE(put(128, 2));
  const Ring::Pending both = ring_.pending();
  EXPECT_FALSE(put(72, 3));  // would start over at 0, where 1 still stands
  EXPECT_EQ(both.bytes(), 192u);
  EXPECT_RUNS({1, 64}, {2, 128});
}

TEST_F(RingTest, CountsSkippedBytesAsUsed) {
  ASSERT_TRUE(put(120, 1));
  drain();
  ASSERT_TRUE(put(80, 2));   // ends at 200
  ASSERT_TRUE(put(112, 3));  // skips 56, then 0 .. 112
  EXPECT_FALSE(put(16, 4));  // up to 120 only 8 bytes are free
  ASSERT_TRUE(put(8, 5));
  EXPECT_RUNS({2, 80}, {3, 112}, {5, 8});
}

TEST_F(RingTest, FitsExactlyBeforeTheEndAndGoesOnAtTheStart) {
  ASSERT_TRUE(put(128, 1));
  drain();
  ASSERT_TRUE(put(128, 2));  // ends with the memory
  EXPECT_RUNS({2, 128});
  ASSERT_TRUE(put(64, 3));  // at the start, without a skip
  EXPECT_RUNS({2, 128}, {3, 64});
  drain();
  ASSERT_TRUE(put(192, 4));
  EXPECT_RUNS({4, 192});
}

TEST_F(RingTest, FitsExactlyAfterAnEarlierLapWrappedEarly) {
  ASSERT_TRUE(put(200, 1));
  drain();
  ASSERT_TRUE(put(128, 2));  // lap 0 ends early, at 200
  drain();
  ASSERT_TRUE(put(128, 3));  // lap 1 ends exactly
  ASSERT_TRUE(put(64, 4));
  EXPECT_RUNS({3, 128}, {4, 64});
  drain();
  ASSERT_TRUE(put(192, 5));  // lap 2 ends exactly, too
  ASSERT_TRUE(put(32, 6));
  EXPECT_RUNS({5, 192}, {6, 32});
}

TEST_F(RingTest, WrapsEarlyInLapAfterLap) {
  for (int lap = 0; lap < 300; ++lap) {
    ASSERT_TRUE(put(104, lap % 250 + 1));
    ASSERT_TRUE(put(88, lap % 250 + 2));
    EXPECT_RUNS({lap % 250 + 1, 104}, {lap % 250 + 2, 88});
    drain();
  }
}

TEST_F(RingTest, ForgetsAnAbandonedReservation) {
  ASSERT_TRUE(put(16, 1));
  std::byte* abandoned = ring_.reserve(64);
  ASSERT_NE(abandoned, nullptr);
  std::memset(abandoned, 0xee, 64);
  ASSERT_TRUE(put(16, 2));
  EXPECT_RUNS({1, 16}, {2, 16});
}

TEST_F(RingTest, ForgetsAnAbandonedReservationThatWrapped) {
  ASSERT_TRUE(put(200, 1));
  drain();
  ASSERT_NE(ring_.reserve(64), nullptr);  // would have skipped 200 .. 256
  ASSERT_TRUE(put(56, 2));                // fits before the end after all
  EXPECT_RUNS({2, 56});
  EXPECT_EQ(ring_.pending().second.size(), 0u);
  ASSERT_TRUE(put(8, 3));
  EXPECT_RUNS({2, 56}, {3, 8});
}

TEST_F(RingTest, CommitsFewerBytesThanReserved) {
  std::byte* room = ring_.reserve(128);
  ASSERT_NE(room, nullptr);
  std::memset(room, 1, 128);
  ring_.commit(16);
  EXPECT_RUNS({1, 16});
  ASSERT_TRUE(put(240, 2));
  EXPECT_RUNS({1, 16}, {2, 240});
}

TEST_F(RingTest, CommitsFewerBytesAfterAWrap) {
  ASSERT_TRUE(put(200, 1));
  drain();
  std::byte* room = ring_.reserve(64);
  ASSERT_NE(room, nullptr);
  std::memset(room, 2, 64);
  ring_.commit(8);
  ASSERT_TRUE(put(16, 3));
  EXPECT_RUNS({2, 8}, {3, 16});
}

/// Records of a quarter of a lap through a ring that is large enough to start over early.
TEST(LargeRing, HandsOverEverythingWhetherTheConsumerKeepsUpOrNot) {
  constexpr std::size_t kLarge = 1u << 20, kRecord = 40 * 1024;
  std::vector<std::byte> memory(kLarge);
  Ring ring(memory.data(), kLarge);
  std::uint8_t put = 0, got = 0;
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i <= round % 20; ++i) {  // up to 800 KiB wait
      std::byte* room = ring.reserve(kRecord);
      ASSERT_NE(room, nullptr) << round;
      std::memset(room, ++put, kRecord);
      ring.commit(kRecord);
    }
    const Ring::Pending pending = ring.pending();
    for (const auto& span : {pending.first, pending.second})
      for (std::size_t at = 0; at < span.size(); at += kRecord) {
        ++got;
        ASSERT_EQ(span[at], std::byte{got});
        ASSERT_EQ(span[at + kRecord - 1], std::byte{got});
      }
    ring.release(pending);
    ASSERT_EQ(got, put);
  }
}

TEST_F(RingTest, ReleasesOnlyWhatWasSeen) {
  ASSERT_TRUE(put(32, 1));
  const Ring::Pending seen = ring_.pending();
  ASSERT_TRUE(put(32, 2));
  ring_.release(seen);
  EXPECT_RUNS({2, 32});
}

}  // namespace
}  // namespace fib::recorder
