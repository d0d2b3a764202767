// SPDX-License-Identifier: Apache-2.0
#include "judge/workload/random_values.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fib::judge {
namespace {

using registry::DType;

std::vector<double> drawn(DType dtype, std::uint64_t count, std::uint64_t seed = 1,
                          const char* name = "x") {
  RandomStream random(seed, name);
  return draw(distribution_for(dtype, "gemm", name), count, count, random);
}

TEST(RandomValues, AreTheSameForTheSameSeedAndName) {
  EXPECT_EQ(drawn(DType::Float32, 100), drawn(DType::Float32, 100));
  EXPECT_NE(drawn(DType::Float32, 100), drawn(DType::Float32, 100, 2));
  EXPECT_NE(drawn(DType::Float32, 100), drawn(DType::Float32, 100, 1, "y"));
  // Recorded seeds must mean the same tomorrow.
  RandomStream random(7, "x");
  EXPECT_EQ(random.next(), 0xc306cf2e73ad8cd7u);
}

TEST(RandomValues, AreNormal) {
  const auto values = drawn(DType::BFloat16, 200'000);
  const double n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  EXPECT_NEAR(mean, 0, 0.01);
  EXPECT_NEAR(std::sqrt(squares / n), 1, 0.01);
  const auto within =
      std::count_if(values.begin(), values.end(), [](double value) { return std::abs(value) < 1; });
  EXPECT_NEAR(static_cast<double>(within) / n, 0.6827, 0.005);
  EXPECT_GT(*std::max_element(values.begin(), values.end()), 3.5);
}

TEST(RandomValues, KeepToTheRangesOfUpstream) {
  const auto range = [](DType dtype) {
    const auto values = drawn(dtype, 20'000);
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    return std::pair(*low, *high);
  };
  EXPECT_EQ(range(DType::Float8E4M3), std::pair(-2.0, 2.0));
  EXPECT_EQ(range(DType::Float4E2M1), std::pair(-2.0, 2.0));
  EXPECT_EQ(range(DType::Int8), std::pair(-128.0, 127.0));
  EXPECT_EQ(range(DType::Int64), std::pair(-1024.0, 1023.0));
  EXPECT_EQ(range(DType::Bool), std::pair(0.0, 1.0));
}

TEST(RandomValues, AreProbabilitiesForSampling) {
  const Distribution distribution = distribution_for(DType::Float32, "sampling", "probs");
  EXPECT_EQ(distribution.text(), "softmax of normal");
  EXPECT_EQ(distribution_for(DType::Float32, "sampling", "top_p").text(), "normal");
  EXPECT_EQ(distribution_for(DType::Int32, "sampling", "top_k").text(),
            "integers in [-1024, 1024)");
  RandomStream random(1, "probs");
  const auto values = draw(distribution, 300, 100, random);
  for (auto row = values.begin(); row != values.end(); row += 100) {
    EXPECT_NEAR(std::accumulate(row, row + 100, 0.0), 1, 1e-9);
    EXPECT_GT(*std::min_element(row, row + 100), 0);
  }
}

}  // namespace
}  // namespace fib::judge
