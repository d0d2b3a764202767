// SPDX-License-Identifier: Apache-2.0
#include "trace/window_spec.h"

#include <gtest/gtest.h>

#include <csignal>

namespace fib::trace {
namespace {

WindowSpec parsed(std::string_view text) {
  WindowSpec spec;
  std::string error;
  EXPECT_TRUE(parse_window_spec(text, spec, error)) << text << ": " << error;
  return spec;
}

std::string problem(std::string_view text) {
  WindowSpec spec;
  std::string error;
  EXPECT_FALSE(parse_window_spec(text, spec, error)) << text;
  EXPECT_EQ(error.find('\n'), std::string::npos);
  return error;
}

TEST(WindowSpec, EmptyMeansOnlyWhenAsked) {
  const WindowSpec spec = parsed("");
  EXPECT_EQ(spec.start, WindowStart::Control);
  EXPECT_EQ(spec.launches, 0u);
  EXPECT_EQ(spec.count, 1u);
  EXPECT_EQ(spec.verify, VerifyLevel::Window);
  EXPECT_EQ(spec.budget_bytes, std::uint64_t{64} << 30);
}

TEST(WindowSpec, AllWords) {
  const WindowSpec spec = parsed(
      "at-graph-launch=20,graph-launches=4,launches=100,until-kernel=^foo$,seconds=1.5,"
      "bytes=512M,budget-seconds=30,count=3,verify=launch");
  EXPECT_EQ(spec.start, WindowStart::GraphLaunch);
  EXPECT_EQ(spec.at, 20u);
  EXPECT_EQ(spec.graph_launches, 4u);
  EXPECT_EQ(spec.launches, 100u);
  EXPECT_EQ(spec.until_kernel, "^foo$");
  EXPECT_EQ(spec.duration_ns, 1500000000u);
  EXPECT_EQ(spec.budget_bytes, 512u << 20);
  EXPECT_EQ(spec.budget_ns, 30000000000u);
  EXPECT_EQ(spec.count, 3u);
  EXPECT_EQ(spec.verify, VerifyLevel::Launch);
}

TEST(WindowSpec, EachStart) {
  EXPECT_EQ(parsed("at-launch=7").start, WindowStart::Launch);
  EXPECT_EQ(parsed("at-launch=7").at, 7u);
  EXPECT_EQ(parsed("at-kernel=gemm.*").start_name, "gemm.*");
  EXPECT_EQ(parsed("at-range=decode step").start_name, "decode step");
  EXPECT_EQ(parsed("at-time=0.25").at, 250000000u);
  for (const char* name : {"at-signal=USR1", "at-signal=SIGUSR1"})
    EXPECT_EQ(parsed(name).at, static_cast<std::uint64_t>(SIGUSR1)) << name;
  EXPECT_EQ(parsed("at-signal=12").start, WindowStart::Signal);
}

TEST(WindowSpec, CommasWithinValues) {
  EXPECT_EQ(parsed("at-kernel=a{1\\,2},launches=1").start_name, "a{1,2}");
  EXPECT_EQ(parsed("at-range=a\\\\b").start_name, "a\\\\b");
}

TEST(WindowSpec, WhatIsWrongIsNamed) {
  EXPECT_NE(problem("launches").find("KEY=VALUE"), std::string::npos);
  EXPECT_NE(problem("=3").find("KEY=VALUE"), std::string::npos);
  EXPECT_NE(problem("launches=").find("KEY=VALUE"), std::string::npos);
  EXPECT_NE(problem("launches=0").find("whole number from 1"), std::string::npos);
  EXPECT_NE(problem("launches=-1").find("-1"), std::string::npos);
  EXPECT_NE(problem("launches=99999999999999999999").find("launches"), std::string::npos);
  EXPECT_NE(problem("at-launch=1,at-time=2").find("one at-"), std::string::npos);
  EXPECT_NE(problem("at-moon=1").find("at-moon"), std::string::npos);
  EXPECT_NE(problem("at-kernel=(").find("regular expression"), std::string::npos);
  EXPECT_NE(problem("at-signal=KILL").find("KILL"), std::string::npos);
  EXPECT_NE(problem("at-signal=9").find("signal"), std::string::npos);
  EXPECT_NE(problem("at-signal=99999").find("signal"), std::string::npos);
  EXPECT_NE(problem("verify=often").find("often"), std::string::npos);
  EXPECT_NE(problem("bytes=64X").find("64X"), std::string::npos);
  EXPECT_NE(problem("count=0").find("count"), std::string::npos);
  EXPECT_NE(problem("speed=9").find("speed"), std::string::npos);
}

TEST(WindowSpec, Sizes) {
  std::uint64_t bytes = 0;
  EXPECT_TRUE(parse_bytes("1000", bytes));
  EXPECT_EQ(bytes, 1000u);
  EXPECT_TRUE(parse_bytes("2T", bytes));
  EXPECT_EQ(bytes, std::uint64_t{2} << 40);
  for (const char* text : {"", "K", "0", "1.5G", "-1", "99999999999T", "16777216T"})
    EXPECT_FALSE(parse_bytes(text, bytes)) << text;
}

TEST(WindowSpec, Seconds) {
  std::uint64_t ns = 0;
  EXPECT_TRUE(parse_seconds("0.000001", ns));
  EXPECT_EQ(ns, 1000u);
  for (const char* text : {"", "0", "-1", "nan", "inf", "1e300", "1s", "1e-20"})
    EXPECT_FALSE(parse_seconds(text, ns)) << text;
}

}  // namespace
}  // namespace fib::trace
