// SPDX-License-Identifier: Apache-2.0
//
// What fib run says at the end, from reports that are made up.
#include "cli/hit_rate.h"

#include <gtest/gtest.h>

#include <sstream>

#include "cli/hit_rate_printer.h"

namespace fib::cli {
namespace {

CountersReport report(std::vector<CountedKernel::Reason> reasons) {
  CountersReport made;
  made.pid = 7;
  made.generation = 1;
  made.gpus = {"a GPU"};
  made.candidates = {{"fast", "ready", "", 0, 0, 0, 0, 0, 0}};
  made.kernels = {{"kernel", std::move(reasons), {}}};
  return made;
}

std::string why(const CountersReport& of) {
  std::string text;
  for (const std::string& line : why_no_hits(hit_rate_of({of}), "reg")) text += line + '\n';
  return text;
}

TEST(HitRate, AddsUpProcesses) {
  CountersReport one = report({{"Exact", true, 5}, {"NoRule", false, 3}});
  one.candidates[0].eager = 4;
  one.candidates[0].in_graphs = 1;
  one.kernels[0].candidates = {{"fast", 4, 1}};
  const HitRate rate = hit_rate_of({one, one});
  EXPECT_EQ(rate.processes, 2u);
  EXPECT_EQ(rate.redirected(), 10u);
  EXPECT_EQ(rate.decisions, 16u);
  EXPECT_EQ(rate.matched, 10u);
  EXPECT_EQ(rate.used(), std::vector<std::string>{"fast"});
  ASSERT_EQ(rate.kernels.size(), 1u);
  EXPECT_EQ(rate.kernels[0].hits, 10u);
  EXPECT_EQ(rate.kernels[0].candidates, std::vector<std::string>{"fast"});
}

TEST(HitRate, SaysWhatTheMostFrequentReasonOfAMatchNeeds) {
  EXPECT_NE(why(report({{"NoRule", false, 900}, {"NotClear", false, 9}, {"NotFound", false, 2}}))
                .find("NotClear"),
            std::string::npos);
  EXPECT_NE(why(report({{"NoRule", false, 9}})).find("fib registry bind"), std::string::npos);
  EXPECT_NE(why(report({{"CodeMismatch", false, 1}, {"NoRule", false, 9}})).find("other code"),
            std::string::npos);
  EXPECT_NE(why(report({{"DeviceMismatch", false, 1}})).find("this is a GPU"), std::string::npos);
  EXPECT_NE(why(report({})).find("no kernel was launched"), std::string::npos);
  EXPECT_NE(why(report({{"Misaligned", false, 1}})).find("docs/bindings.md"), std::string::npos);
}

TEST(HitRate, SaysWhyACandidateIsNotLoaded) {
  CountersReport made = report({{"NotLoaded", false, 4}});
  made.candidates[0].state = "not loaded";
  made.candidates[0].why = "was never built";
  EXPECT_NE(why(made).find("fast: was never built"), std::string::npos);
}

TEST(HitRate, ARegistryThatWasRefusedIsNoRegistryWithoutBindings) {
  CountersReport made = report({});
  made.generation = 0;
  EXPECT_NE(why(made).find("was not used"), std::string::npos);
  made.generation = 1;
  made.candidates.clear();
  EXPECT_NE(why(made).find("holds no binding"), std::string::npos);
  EXPECT_NE(why_no_hits(hit_rate_of({}), "reg")[0].find("fib doctor"), std::string::npos);
}

TEST(HitRate, WhatAReportHoldsDoesNotReachTheTerminalAsItIs) {
  CountersReport made = report({{"NotLoaded", false, 4}});
  made.kernels[0].name = "k\x1b[31m";
  made.candidates[0].state = "demoted";
  made.candidates[0].why = "\x1b]0;x";
  std::ostringstream out;
  print_hit_rate(out, hit_rate_of({made}), {"reg", false});
  EXPECT_EQ(out.str().find('\x1b'), std::string::npos) << out.str();
}

}  // namespace
}  // namespace fib::cli
