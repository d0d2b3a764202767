// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/unit/judge_compare/launch.h"

namespace fib::judge {
namespace {

using Ids = std::vector<std::int32_t>;

/// Six tokens for experts 0 (two blocks of two) and 3 (one), then room that nobody reads. 6 pads.
class Alignment : public ::testing::Test {
 protected:
  void align(const Ids& tokens, const Ids& experts, std::int32_t length = 6) {
    launch_.output<std::int32_t>("sorted_token_ids", {8}, {0, 2, 5, 6, 1, 4, 6, 6}, tokens);
    launch_.output<std::int32_t>("expert_ids", {4}, {0, 0, 3, -1}, experts);
    launch_.output<std::int32_t>("num_tokens_post_padded", {1}, {6}, {length});
  }
  std::string reason(const std::string& output) { return launch_.compare(output).reason; }

  testing::Launch launch_{"moe_align"};
};

TEST_F(Alignment, PassesAnyOrderWithinAnExpert) {
  align({6, 5, 2, 0, 4, 1, 99, 98}, {0, 0, 3, 77});
  EXPECT_EQ(comparer_for(launch_.definition())->name(), "MoE alignment");
  for (const char* output : {"sorted_token_ids", "expert_ids", "num_tokens_post_padded"})
    EXPECT_TRUE(launch_.compare(output).passed) << launch_.compare(output).detail;
}

TEST_F(Alignment, RefusesATokenWithTheWrongExpert) {
  align({0, 2, 1, 6, 5, 4, 6, 6}, {0, 0, 3, -1});
  EXPECT_EQ(reason("sorted_token_ids"), "wrong tokens of an expert");
  EXPECT_EQ(launch_.compare("sorted_token_ids").elements, 6u);
}

TEST_F(Alignment, RefusesATokenTwice) {
  align({0, 0, 5, 6, 1, 4, 6, 6}, {0, 0, 3, -1});
  EXPECT_EQ(reason("sorted_token_ids"), "wrong tokens of an expert");
}

TEST_F(Alignment, RefusesAWrongExpertOrLength) {
  align({0, 2, 5, 6, 1, 4, 6, 6}, {0, 3, 3, -1}, 5);
  EXPECT_EQ(reason("expert_ids"), "wrong expert");
  EXPECT_EQ(launch_.compare("expert_ids").index, (std::vector<std::int64_t>{1}));
  EXPECT_EQ(reason("num_tokens_post_padded"), "wrong values");
}

TEST_F(Alignment, TakesTheBlockSizeThatTheDefinitionSays) {
  launch_.axis("block_size", 4);
  align({0, 2, 6, 5, 4, 1, 6, 6}, {0, 0, 3, -1});
  EXPECT_TRUE(launch_.compare("sorted_token_ids").passed);
  launch_.compared().axes["block_size"] = 1;  // then tokens 2 and 3 belong to different experts
  EXPECT_FALSE(launch_.compare("sorted_token_ids").passed);
}

TEST(AlignmentWithoutLength, CountsAllTokens) {
  testing::Launch launch("moe");
  launch.output<std::int32_t>("sorted_ids", {4}, {0, 2, 1, 3}, {2, 0, 1, 5});
  launch.output<std::int32_t>("expert_ids", {2}, {0, 1}, {0, 1});
  const Comparison result = launch.compare("sorted_ids");
  EXPECT_EQ(result.reason, "wrong tokens of an expert");
  EXPECT_EQ(result.index, (std::vector<std::int64_t>{3}));
}

TEST(AlignmentOfNoSense, IsComparedByElement) {
  testing::Launch launch("moe");
  launch.output<std::int32_t>("sorted_ids", {2}, {0, 2}, {2, 0});
  launch.output<std::int32_t>("expert_ids", {5}, {0, 0, 0, 0, 0}, {0, 0, 0, 0, 0});
  EXPECT_EQ(launch.compare("sorted_ids").reason, "wrong values");
}

}  // namespace
}  // namespace fib::judge
