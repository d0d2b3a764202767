// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/judge_compare/launch.h"

namespace fib::judge {
namespace {

using Ids = std::vector<std::int32_t>;
using Values = std::vector<float>;

/// Two rows of five scores, the three largest of each.
class TopK : public ::testing::Test {
 protected:
  void choose(const Ids& expected, const Ids& got, const Values& expected_values,
              const Values& got_values) {
    launch_.input<float>("logits", {2, 5}, {1, 7, 3, 3, 2, 9, 8, 8, 8, 0});
    launch_.output<std::int32_t>("topk_ids", {2, 3}, expected, got);
    launch_.output<float>("topk_weights", {2, 3}, expected_values, got_values);
  }
  void choose(const Ids& got, const Values& got_values) {
    choose({1, 2, 3, 0, 1, 2}, got, {7, 3, 3, 9, 8, 8}, got_values);
  }
  void expect_wrong(const std::string& output, const std::string& reason) {
    EXPECT_EQ(launch_.compare(output).reason, reason) << launch_.compare(output).detail;
    EXPECT_FALSE(launch_.compare(output).passed);
  }

  testing::Launch launch_{"moe_routing"};
};

TEST_F(TopK, PassesTiesInAnyOrder) {
  choose({1, 3, 2, 0, 3, 1}, {7, 3, 3, 9, 8, 8});
  EXPECT_EQ(comparer_for(launch_.definition())->name(), "top-k");
  EXPECT_TRUE(launch_.compare("topk_ids").passed) << launch_.compare("topk_ids").detail;
  EXPECT_TRUE(launch_.compare("topk_weights").passed) << launch_.compare("topk_weights").detail;
}

TEST_F(TopK, RefusesAWorseChoice) {
  choose({1, 2, 4, 0, 1, 2}, {7, 3, 2, 9, 8, 8});
  expect_wrong("topk_ids", "wrong indices");
  EXPECT_EQ(launch_.compare("topk_ids").index, (std::vector<std::int64_t>{0, 2}));
  expect_wrong("topk_weights", "wrong values");
}

TEST_F(TopK, RefusesAnIndexTwice) {
  choose({1, 2, 2, 0, 1, 2}, {7, 3, 3, 9, 8, 8});
  expect_wrong("topk_ids", "index twice");
}

TEST_F(TopK, RefusesAnIndexOutOfRange) {
  choose({1, 2, 3, 0, 1, 5}, {7, 3, 3, 9, 8, 8});
  expect_wrong("topk_ids", "index out of range");
  EXPECT_EQ(launch_.compare("topk_ids").index, (std::vector<std::int64_t>{1, 2}));
}

TEST_F(TopK, RefusesAnotherOrderIfTheIncumbentHasOne) {
  choose({2, 1, 3, 0, 1, 2}, {3, 7, 3, 9, 8, 8});
  expect_wrong("topk_ids", "wrong order");
  EXPECT_TRUE(launch_.compare("topk_weights").passed);  // each index has its value
}

TEST_F(TopK, PassesAnyOrderIfTheIncumbentHasNone) {
  choose({3, 1, 2, 0, 1, 2}, {2, 1, 3, 3, 0, 2}, {3, 7, 3, 9, 8, 8}, {3, 7, 3, 8, 9, 8});
  EXPECT_TRUE(launch_.compare("topk_ids").passed) << launch_.compare("topk_ids").detail;
  EXPECT_TRUE(launch_.compare("topk_weights").passed);
}

TEST_F(TopK, RefusesAValueThatBelongsToAnotherIndex) {
  choose({1, 2, 3, 0, 1, 2}, {3, 7, 3, 9, 8, std::nanf("")});
  expect_wrong("topk_weights", "wrong values");
  EXPECT_EQ(launch_.compare("topk_weights").wrong, 3u);
}

TEST_F(TopK, KnowsPadding) {
  choose({1, -1, -1, 0, 1, 2}, {1, -1, -1, 0, 1, 2}, {7, 0, 0, 9, 8, 8}, {7, 0, 0, 9, 8, 8});
  EXPECT_TRUE(launch_.compare("topk_ids").passed) << launch_.compare("topk_ids").detail;
  testing::Launch less("topk");
  less.output<std::int32_t>("indices", {1, 3}, {1, 2, -1}, {1, -1, -1});
  EXPECT_EQ(less.compare("indices").reason, "index out of range");
  testing::Launch more("topk");
  more.output<std::int32_t>("indices", {1, 3}, {1, -1, -1}, {1, 2, -1});
  EXPECT_EQ(more.compare("indices").reason, "wrong indices");
}

// An indexer that computes its scores: only the sets can be compared.
TEST(TopKWithoutScores, NeedsTheSameSet) {
  const auto result = [](const Ids& got) {
    testing::Launch launch("dsa_paged");
    launch.output<std::int32_t>("topk_indices", {1, 3}, {4, 2, 9}, got);
    return launch.compare("topk_indices");
  };
  EXPECT_TRUE(result({9, 4, 2}).passed);
  EXPECT_EQ(result({9, 4, 3}).reason, "wrong indices");
}

TEST(TopKWithoutScores, TakesValuesForThem) {
  const auto result = [](const Ids& got, const Values& values) {
    testing::Launch launch("topk");
    launch.output<std::int32_t>("indices", {1, 3}, {4, 2, 9}, got);
    launch.output<float>("values", {1, 3}, {5, 3, 3}, values);
    return launch.compare("indices");
  };
  EXPECT_TRUE(result({4, 9, 7}, {5, 3, 3}).passed);  // 7 may tie with the last one
  EXPECT_EQ(result({4, 9, 7}, {5, 3, 2}).reason, "wrong indices");
  EXPECT_EQ(result({7, 9, 2}, {3, 3, 3}).reason, "wrong indices");  // without the best
}

TEST(TopKShapes, ThatDoNotFitAreComparedByElement) {
  testing::Launch launch("topk");
  launch.input<float>("scores", {3, 2}, {1, 2, 3, 4, 5, 6});  // rows of something else
  launch.output<std::int32_t>("indices", {1, 2}, {1, 7}, {7, 1});
  launch.output<float>("values", {1, 1}, {1}, {2});
  EXPECT_TRUE(launch.compare("indices").passed) << launch.compare("indices").detail;
  EXPECT_EQ(launch.compare("values").reason, "wrong values");
  launch.compared().tensors["indices"].got = {};
  EXPECT_EQ(launch.compare("indices").reason, "wrong size");
}

}  // namespace
}  // namespace fib::judge
