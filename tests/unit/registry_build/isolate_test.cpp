// SPDX-License-Identifier: Apache-2.0
#include "registry/build/isolate.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

namespace fib::build {
namespace {

using std::chrono::seconds;

TEST(Isolate, BringsBackWhatTasksReturn) {
  for (const unsigned jobs : {1u, 3u, 100u}) {
    const auto ends = run_isolated(20, jobs, seconds(60), [](std::size_t i) {
      return std::string(i * 20'000, static_cast<char>('a' + i));
    });
    ASSERT_EQ(ends.size(), 20u);
    for (std::size_t i = 0; i < ends.size(); ++i) {
      EXPECT_EQ(ends[i].text, std::string(i * 20'000, static_cast<char>('a' + i)));
      EXPECT_EQ(ends[i].failure, "");
    }
  }
  EXPECT_TRUE(run_isolated(0, 4, seconds(60), [](std::size_t) { return ""; }).empty());
}

TEST(Isolate, LosesOneTaskWhenItCrashes) {
  const auto ends = run_isolated(6, 2, seconds(60), [](std::size_t i) {
    if (i == 2) ::raise(SIGKILL);
    if (i == 3) ::_exit(7);
    return std::to_string(i);
  });
  EXPECT_EQ(ends[2].failure, "crashed (signal 9, Killed)");
  EXPECT_EQ(ends[3].failure, "ended with exit code 7");
  for (const std::size_t i : {0u, 1u, 4u, 5u}) EXPECT_EQ(ends[i].text, std::to_string(i));
}

TEST(Isolate, LosesOneTaskWhenItHangs) {
  const auto ends = run_isolated(3, 1, seconds(1), [](std::size_t i) {
    if (i == 1) std::this_thread::sleep_for(seconds(60));
    return std::to_string(i);
  });
  EXPECT_EQ(ends[0].text, "0");
  EXPECT_EQ(ends[1].failure, "took longer than 1 s");
  EXPECT_EQ(ends[2].text, "2");
}

}  // namespace
}  // namespace fib::build
