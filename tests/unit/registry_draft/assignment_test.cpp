// SPDX-License-Identifier: Apache-2.0
#include "registry/draft/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace fib::registry {
namespace {

using Table = std::vector<std::vector<double>>;

double sum_of(const Table& table, const std::vector<std::size_t>& columns) {
  double sum = 0;
  for (std::size_t row = 0; row < table.size(); ++row) sum += table[row][columns[row]];
  return sum;
}

TEST(Assignment, IsAsGoodAsTryingEverything) {
  std::mt19937 random(7);
  std::uniform_int_distribution<int> value(-20, 20);
  for (int round = 0; round < 200; ++round) {
    Table table(1 + static_cast<std::size_t>(round) % 4, std::vector<double>(5));
    for (auto& row : table) {
      for (double& cell : row) cell = value(random);
    }
    std::vector<std::size_t> order(5);
    std::iota(order.begin(), order.end(), 0);
    double best = -1e9;
    do {
      best = std::max(best, sum_of(table, order));
    } while (std::next_permutation(order.begin(), order.end()));
    auto found = best_assignment(table);
    EXPECT_EQ(sum_of(table, found), best);
    std::sort(found.begin(), found.end());
    EXPECT_EQ(std::adjacent_find(found.begin(), found.end()), found.end());
  }
}

TEST(Assignment, OfNothingIsNothing) { EXPECT_TRUE(best_assignment({}).empty()); }

}  // namespace
}  // namespace fib::registry
