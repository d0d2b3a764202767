// SPDX-License-Identifier: Apache-2.0
#include "registry/draft/terms.h"

#include <gtest/gtest.h>

namespace fib::registry {
namespace {

using Values = std::vector<std::int64_t>;
using Texts = std::vector<std::string>;

TEST(Relations, EqualMultipleAndDivided) {
  const Values n = {1000, 4096, 77};
  EXPECT_EQ(relations({{"a", n, false}, {"b", n, false}}), (Texts{"a == b"}));
  EXPECT_EQ(relations({{"a", {3000, 12288, 231}, false}, {"b", n, false}}), (Texts{"a == 3 * b"}));
  EXPECT_EQ(
      relations(
          {{"grid.x", {4, 16, 1}, true}, {"n", n, false}, {"block.x", {256, 256, 256}, true}}),
      (Texts{"grid.x == ceil_div(n, 256)"}));
  // Two elements a thread.
  EXPECT_EQ(
      relations(
          {{"grid.x", {4, 16, 1}, true}, {"n", n, false}, {"block.x", {128, 128, 128}, true}}),
      (Texts{"grid.x == ceil_div(n, 256)"}));
}

TEST(Relations, NothingIsSaidOfConstantsOrChance) {
  EXPECT_TRUE(relations({{"a", {4, 4}, false}, {"b", {4, 4}, false}}).empty());
  EXPECT_TRUE(relations({{"a", {4, 9}, false}, {"b", {1000, 17}, false}}).empty());
  EXPECT_TRUE(relations({}).empty());
}

}  // namespace
}  // namespace fib::registry
