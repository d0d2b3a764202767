// SPDX-License-Identifier: Apache-2.0
#include "registry/model/json.h"

#include <gtest/gtest.h>

namespace fib::registry {
namespace {

TEST(ParseJson, KeepsOrderAndValues) {
  const auto parsed = parse_json(R"({"b":1,"a":[true,null,-2,0.1,"ä"],"c":{}})");
  ASSERT_TRUE(parsed.ok()) << parsed.error;
  EXPECT_EQ(to_text(parsed.value), R"({"b":1,"a":[true,null,-2,0.1,"ä"],"c":{}})");
}

TEST(ParseJson, SaysWhereItStops) {
  const auto parsed = parse_json("{\"a\": 1,}");
  EXPECT_NE(parsed.error.find("byte 9"), std::string::npos) << parsed.error;
  EXPECT_EQ(parsed.error.find('\n'), std::string::npos);
}

TEST(ParseJson, RefusesWhatWouldChangeWhenWrittenAgain) {
  EXPECT_FALSE(parse_json(R"({"a":1,"b":{"c":1,"c":2}})").ok());
  EXPECT_FALSE(parse_json("[18446744073709551616]").ok());
  EXPECT_TRUE(parse_json("[18446744073709551615, 1e300]").ok());
  EXPECT_FALSE(parse_json("[1e999]").ok());
  EXPECT_FALSE(parse_json("NaN").ok());
  EXPECT_FALSE(parse_json("").ok());
  EXPECT_FALSE(parse_json("{} {}").ok());
  EXPECT_FALSE(parse_json("\"\xff\"").ok());
}

TEST(ParseJson, StopsAtItsLimits) {
  EXPECT_TRUE(parse_json(std::string(64, '[') + std::string(64, ']')).ok());
  EXPECT_FALSE(parse_json(std::string(65, '[') + std::string(65, ']')).ok());
  EXPECT_FALSE(parse_json(std::string(1'000'000, '[')).ok());
  EXPECT_FALSE(parse_json("[1,2,3]", {.bytes = 6}).ok());
  EXPECT_TRUE(parse_json("[1,2,3]", {.values = 4}).ok());
  EXPECT_FALSE(parse_json("[1,2,3]", {.values = 3}).ok());
}

// ordered_json looks for every new member among all others; a builder must not.
TEST(ParseJson, TakesAHundredThousandMembersInNoTime) {
  std::string text = "{";
  for (int i = 0; i < 100'000; ++i) text += '"' + std::to_string(i) + "\":0,";
  text.back() = '}';
  const auto parsed = parse_json(text);
  ASSERT_TRUE(parsed.ok()) << parsed.error;
  EXPECT_EQ(parsed.value.size(), 100'000u);
}

TEST(SameMeaning, IgnoresOrderOfMembersButNotOfElements) {
  const auto same = [](const char* a, const char* b) {
    return same_meaning(parse_json(a).value, parse_json(b).value);
  };
  EXPECT_TRUE(same(R"({"a":1,"b":[{"c":2,"d":3}]})", R"({"b":[{"d":3,"c":2.0}],"a":1})"));
  EXPECT_FALSE(same("[1,2]", "[2,1]"));
  EXPECT_FALSE(same(R"({"a":1})", R"({"a":1,"b":null})"));
  EXPECT_FALSE(same(R"({"a":1})", "[1]"));
}

TEST(Child, EscapesAsRfc6901Says) {
  EXPECT_EQ(child("/a", "b/c~d"), "/a/b~1c~0d");
  EXPECT_EQ(child("", std::size_t{7}), "/7");
}

}  // namespace
}  // namespace fib::registry
