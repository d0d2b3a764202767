// SPDX-License-Identifier: Apache-2.0
#include "registry/match/name_pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace fib::match {
namespace {

bool matches(NameMatch kind, const std::string& pattern, const char* name) {
  std::string error;
  const NamePattern compiled(kind, pattern, error);
  EXPECT_EQ(error, "") << pattern;
  return compiled.matches(name);
}

std::string error_of(const std::string& regex) {
  std::string error;
  const NamePattern compiled(NameMatch::Regex, regex, error);
  EXPECT_FALSE(compiled.matches("a"));
  return error;
}

TEST(NamePattern, ExactIsTheWholeName) {
  EXPECT_TRUE(matches(NameMatch::Exact, "triton_mm*", "triton_mm*"));
  EXPECT_FALSE(matches(NameMatch::Exact, "triton_mm*", "triton_mm_1"));
  EXPECT_FALSE(matches(NameMatch::Exact, "a", "ab"));
}

TEST(NamePattern, GlobKnowsStarsAndQuestionMarks) {
  EXPECT_TRUE(matches(NameMatch::Glob, "triton_*_fused_*", "triton_poi_fused_add_0"));
  EXPECT_TRUE(matches(NameMatch::Glob, "*", ""));
  EXPECT_TRUE(matches(NameMatch::Glob, "a?c**", "abc"));
  EXPECT_TRUE(matches(NameMatch::Glob, "*ab", "aab"));
  EXPECT_FALSE(matches(NameMatch::Glob, "a?c", "ac"));
  EXPECT_FALSE(matches(NameMatch::Glob, "*_add", "triton_add_0"));
  EXPECT_FALSE(matches(NameMatch::Glob, "[a]", "a"));
}

TEST(NamePattern, GlobIsNeverExponential) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  const std::string name(4000, 'a');
  EXPECT_FALSE(matches(NameMatch::Glob, pattern + "b", name.c_str()));
}

TEST(NamePattern, RegexSearchesUnlessAnchored) {
  EXPECT_TRUE(matches(NameMatch::Regex, "rms_?norm", "_Z12fused_rmsnorm_kernelv"));
  EXPECT_TRUE(matches(NameMatch::Regex, "^triton_(poi|red)_", "triton_red_0"));
  EXPECT_FALSE(matches(NameMatch::Regex, "^poi", "triton_poi"));
  EXPECT_TRUE(matches(NameMatch::Regex, "\\{lambda", "f::{lambda()#1}"));
}

TEST(NamePattern, RefusesWhatIsNoRegexOrCouldTakeForEver) {
  EXPECT_NE(error_of("a("), "");
  EXPECT_NE(error_of("(a{255}){255}"), "");
  EXPECT_NE(error_of("(a*)*\\1"), "");
  EXPECT_NE(error_of(std::string(2000, 'a')), "");
  EXPECT_NE(error_of(std::string(40, '(') + std::string(40, ')')), "");
}

}  // namespace
}  // namespace fib::match
