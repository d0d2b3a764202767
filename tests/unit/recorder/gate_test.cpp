// SPDX-License-Identifier: Apache-2.0
#include "recorder/gate.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "recorder/nap.h"
#include "recorder_test.h"

namespace fib::recorder {
namespace {

constexpr std::uint64_t kMillisecond = 1000000, kSecond = 1000000000;

/// What a hook does with the gate, by the fast way if there is one.
template <class Body>
void pass(Gate& gate, Body&& body) {
  if (ThreadLog* log = gate.enter()) {
    body(std::uint32_t{0});
    Gate::leave(*log);
    return;
  }
  Gate::Passage passage(gate);
  body(passage.attention());
}

class GateTest : public test::RecorderTest {
 protected:
  GateTest() { EXPECT_TRUE(gate().prepare()); }
  ~GateTest() override { join(); }
  void join() {
    stop_ = true;
    for (std::thread& thread : threads_)
      if (thread.joinable()) thread.join();
  }
  /// Stands behind the locals that threads use: they end before those do.
  struct Joined {
    GateTest& test;
    ~Joined() { test.join(); }
  };
  Gate& gate() { return recorder().gate; }
  template <class Body>
  void start(Body&& body) {
    threads_.emplace_back(body);
  }
  Gate::Closing close(std::uint64_t limit = kSecond) {
    return gate().close(session().own_log(), limit, blocker_);
  }

  std::atomic<bool> stop_{false};
  std::uint32_t blocker_ = 0;
  std::vector<std::thread> threads_;
};

TEST_F(GateTest, ClosesWhenNobodyIsInside) {
  EXPECT_EQ(close(), Gate::Closing::Closed);
  gate().open();
  EXPECT_EQ(close(), Gate::Closing::Closed);
  gate().open();
}

TEST_F(GateTest, TheThreadThatClosedItPasses) {
  ASSERT_EQ(close(), Gate::Closing::Closed);
  pass(gate(), [](std::uint32_t attention) { EXPECT_EQ(attention & kAttentionGate, 0u); });
  gate().open();
}

TEST_F(GateTest, NobodyIsInsideWhileItIsClosed) {
  struct alignas(64) Counter {
    std::atomic<std::uint64_t> value{0};
  };
  std::array<Counter, 8> counters;
  const Joined joined{*this};
  for (Counter& counter : counters)
    start([&] {
      while (!stop_) {
        pass(gate(), [&](std::uint32_t) { counter.value.fetch_add(1, std::memory_order_relaxed); });
      }
    });
  const auto sum = [&] {
    std::uint64_t total = 0;
    for (const Counter& counter : counters) total += counter.value.load(std::memory_order_relaxed);
    return total;
  };
  std::uint64_t last = 0;
  for (int round = 0; round < 100; ++round) {
    const Gate::Closing closing = close(5 * kSecond);
    ASSERT_EQ(closing, Gate::Closing::Closed) << round;
    const std::uint64_t before = sum();
    nap(kMillisecond / 2);
    EXPECT_EQ(sum(), before) << round;
    EXPECT_GE(before, last);
    last = before;
    gate().open();
    nap(kMillisecond / 2);
  }
  EXPECT_GT(last, 100u);
}

TEST_F(GateTest, GivesUpOnAThreadThatStays) {
  std::atomic<bool> inside{false}, passed{false};
  const Joined joined{*this};
  start([&] {
    pass(gate(), [&](std::uint32_t) {
      inside = true;
      while (!stop_) nap(kMillisecond);
    });
  });
  while (!inside) nap(kMillisecond);
  EXPECT_EQ(close(20 * kMillisecond), Gate::Closing::TimedOut);
  EXPECT_NE(blocker_, 0u);
  // It is open again.
  start([&] { pass(gate(), [&](std::uint32_t) { passed = true; }); });
  for (int i = 0; i < 2000 && !passed; ++i) nap(kMillisecond);
  EXPECT_TRUE(passed);
}

TEST_F(GateTest, AThreadThatOnlyWaitsIsNotInside) {
  std::atomic<int> stage{0};
  std::atomic<bool> may_return{false};
  const Joined joined{*this};
  start([&] {
    Gate::Passage passage(gate());
    passage.leave();
    stage = 1;
    while (!may_return && !stop_) nap(kMillisecond);
    passage.enter();
    stage = 2;
  });
  while (stage != 1) nap(kMillisecond);
  ASSERT_EQ(close(), Gate::Closing::Closed);
  may_return = true;
  nap(20 * kMillisecond);
  EXPECT_EQ(stage, 1);  // held at the gate
  gate().open();
  for (int i = 0; i < 2000 && stage != 2; ++i) nap(kMillisecond);
  EXPECT_EQ(stage, 2);
}

TEST_F(GateTest, OneThreadHasItAtATime) {
  std::atomic<int> holders{0}, most{0}, rounds{0};
  const Joined joined{*this};
  for (int i = 0; i < 6; ++i)
    start([&] {
      for (int round = 0; round < 20;) {
        Gate::Passage passage(gate());
        std::uint32_t blocker = 0;
        const Gate::Closing closing = gate().close(passage.log(), 5 * kSecond, blocker);
        if (closing == Gate::Closing::Busy) {
          passage.leave();
          passage.enter();
          continue;
        }
        if (closing != Gate::Closing::Closed) return;
        most = std::max(most.load(), ++holders);
        ++rounds;
        ++round;
        --holders;
        gate().open();
      }
    });
  for (std::thread& thread : threads_) thread.join();
  EXPECT_EQ(most, 1);
  EXPECT_EQ(rounds, 120);
}

TEST_F(GateTest, AttentionSendsHooksTheLongWay) {
  (void)session().own_log();
  ThreadLog* log = gate().enter();
  ASSERT_NE(log, nullptr);
  Gate::leave(*log);
  gate().attend(kAttentionCount);
  EXPECT_EQ(gate().enter(), nullptr);
  pass(gate(), [](std::uint32_t attention) { EXPECT_EQ(attention, kAttentionCount); });
  gate().disregard(kAttentionCount);
  log = gate().enter();
  ASSERT_NE(log, nullptr);
  Gate::leave(*log);
}

}  // namespace
}  // namespace fib::recorder
