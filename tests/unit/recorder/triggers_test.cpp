// SPDX-License-Identifier: Apache-2.0
#include "recorder/triggers.h"

#include <gtest/gtest.h>

namespace fib::recorder {
namespace {

using trace::WindowReason;

constexpr OperationKind kLaunch = OperationKind::Launch, kGraph = OperationKind::GraphLaunch;

trace::WindowSpec spec(std::string_view text) {
  trace::WindowSpec result;
  std::string error;
  EXPECT_TRUE(trace::parse_window_spec(text, result, error)) << error;
  return result;
}

struct NamedKernel : KernelInfo {
  NamedKernel(std::uint32_t number, const char* called) {
    id = number;
    name = called;
  }
};

TEST(Triggers, CountsLaunchesOfItsKind) {
  Triggers triggers(spec("at-launch=3"));
  EXPECT_TRUE(triggers.counts());
  EXPECT_FALSE(triggers.starts(kLaunch, nullptr));
  EXPECT_FALSE(triggers.starts(kGraph, nullptr));
  EXPECT_FALSE(triggers.starts(kLaunch, nullptr));
  EXPECT_TRUE(triggers.starts(kLaunch, nullptr));
  triggers.arm(0);
  EXPECT_FALSE(triggers.starts(kLaunch, nullptr));
}

TEST(Triggers, CountsGraphLaunches) {
  Triggers triggers(spec("at-graph-launch=1"));
  EXPECT_FALSE(triggers.starts(kLaunch, nullptr));
  EXPECT_TRUE(triggers.starts(kGraph, nullptr));
}

TEST(Triggers, KnowsKernelsByTheirNames) {
  Triggers triggers(spec("at-kernel=^_Z4gemm"));
  const NamedKernel gemm(1, "_Z4gemmv"), add(2, "_Z3addv");
  EXPECT_FALSE(triggers.starts(kLaunch, &add));
  EXPECT_TRUE(triggers.starts(kLaunch, &gemm));
  EXPECT_TRUE(triggers.starts(kLaunch, &gemm));
  EXPECT_FALSE(triggers.starts(kGraph, nullptr));
}

TEST(Triggers, TimeCountsFromArming) {
  Triggers triggers(spec("at-time=2"));
  EXPECT_FALSE(triggers.counts());
  EXPECT_FALSE(triggers.is_time(1u << 31));  // not armed
  triggers.arm(1000);
  EXPECT_FALSE(triggers.is_time(2000000000));
  EXPECT_TRUE(triggers.is_time(2000001000));
}

TEST(Triggers, EndsWhenItIsFull) {
  Triggers triggers(spec("at-launch=1,launches=2,graph-launches=1"));
  WindowReason reason{};
  triggers.opened(0);
  triggers.launched(kLaunch);
  EXPECT_FALSE(triggers.is_full(reason));
  triggers.launched(kLaunch);
  ASSERT_TRUE(triggers.is_full(reason));
  EXPECT_EQ(reason, WindowReason::Launches);
  // Nothing but another launch must wait for the end.
  EXPECT_FALSE(triggers.ends_before(OperationKind::Copy, nullptr, 0, reason));
  EXPECT_TRUE(triggers.ends_before(kLaunch, nullptr, 0, reason));
  triggers.opened(0);
  EXPECT_EQ(triggers.launches(), 0u);
  triggers.launched(kGraph);
  ASSERT_TRUE(triggers.is_full(reason));
  EXPECT_EQ(reason, WindowReason::GraphLaunches);
}

TEST(Triggers, EndsBeforeAKernelButNotTheFirstOne) {
  Triggers triggers(spec("at-kernel=step,until-kernel=step"));
  const NamedKernel step(1, "step");
  WindowReason reason{};
  triggers.opened(0);
  EXPECT_FALSE(triggers.ends_before(kLaunch, &step, 0, reason));
  triggers.launched(kLaunch);
  ASSERT_TRUE(triggers.ends_before(kLaunch, &step, 0, reason));
  EXPECT_EQ(reason, WindowReason::Kernel);
}

TEST(Triggers, EndsByTimeAndByBudget) {
  WindowReason reason{};
  Triggers by_time(spec("seconds=1"));
  by_time.opened(5);
  EXPECT_FALSE(by_time.ends_before(OperationKind::Other, nullptr, 1000000004, reason));
  ASSERT_TRUE(by_time.ends_before(OperationKind::Other, nullptr, 1000000005, reason));
  EXPECT_EQ(reason, WindowReason::Time);
  Triggers by_budget(spec("budget-seconds=1"));
  by_budget.opened(5);
  ASSERT_TRUE(by_budget.ends_before(OperationKind::Other, nullptr, 1000000005, reason));
  EXPECT_EQ(reason, WindowReason::Seconds);
}

}  // namespace
}  // namespace fib::recorder
