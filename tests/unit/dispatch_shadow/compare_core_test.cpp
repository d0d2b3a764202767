// SPDX-License-Identifier: Apache-2.0
#include "dispatch/kernels/compare_core.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <random>
#include <vector>

#include "tests/unit/dispatch_shadow/plain_compare.h"

namespace fib::dispatch {
namespace {

using testing::plain_compare;

/// Two buffers of one output, at the same place within a piece, between canaries.
struct Pair {
  Pair(CompareType kind, std::size_t count, std::size_t skew) : type(kind), elements(count) {
    const std::size_t bytes = count * compare_size(kind);
    for (auto* side : {&reference, &candidate}) {
      side->resize(2 * kCanaryBytes + bytes + 64, std::byte{kCanary});
    }
    from = [this, skew](const std::vector<std::byte>& side) {
      const auto address = std::bit_cast<std::uintptr_t>(side.data()) + kCanaryBytes;
      return (address + 31) / 32 * 32 + skew - std::bit_cast<std::uintptr_t>(side.data());
    };
  }
  [[nodiscard]] std::span<std::byte> ref() {
    return std::span(reference).subspan(from(reference), elements * compare_size(type));
  }
  [[nodiscard]] std::span<std::byte> cand() {
    return std::span(candidate).subspan(from(candidate), elements * compare_size(type));
  }
  void fill(std::span<const std::byte> bytes) {
    std::copy(bytes.begin(), bytes.end(), ref().begin());
    std::copy(bytes.begin(), bytes.end(), cand().begin());
  }
  [[nodiscard]] CompareTask task(double absolute, double relative) {
    return {std::bit_cast<CompareWord>(ref().data()),
            std::bit_cast<CompareWord>(cand().data()),
            elements,
            type,
            0,
            absolute,
            relative};
  }

  CompareType type;
  std::size_t elements;
  std::vector<std::byte> reference, candidate;
  std::function<std::size_t(const std::vector<std::byte>&)> from;
};

CompareResult run(const CompareTask& task) {
  CompareSums sums{};
  for (CompareWord i = 0; i < compare_chunks(task); ++i) compare_chunk(task, i, sums);
  for (unsigned i = 0; i < 2 * kCanaryBytes; ++i) compare_canary(task, i, sums);
  return sums.result();
}

void expect_same(const CompareResult& found, const CompareResult& expected) {
  EXPECT_EQ(found.mismatches, expected.mismatches);
  EXPECT_EQ(found.special, expected.special);
  EXPECT_EQ(found.first_bad, expected.first_bad);
  EXPECT_EQ(found.canary, expected.canary);
  EXPECT_EQ(found.max_absolute, expected.max_absolute);
  EXPECT_EQ(found.max_relative, expected.max_relative);
}

class CompareCore : public ::testing::TestWithParam<unsigned> {
 protected:
  [[nodiscard]] static CompareType type() { return static_cast<CompareType>(GetParam()); }
};

/// Any bits: NaN, infinities, subnormals, both signs; some elements equal, some close, some far.
TEST_P(CompareCore, SaysWhatThePlainComparisonSays) {
  std::mt19937_64 random(GetParam() + 7);
  constexpr std::array<double, 5> kTolerances = {0, 1e-4, 0.01, 3, 1e9};
  for (int round = 0; round < 400; ++round) {
    const std::size_t size = compare_size(type());
    const std::size_t skew = random() % (16 / size) * size;
    Pair pair(type(), random() % 100, skew);
    std::vector<std::byte> bytes(pair.ref().size());
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
    pair.fill(bytes);
    for (std::size_t i = random() % 40; i < bytes.size(); i += 1 + random() % 40)
      pair.cand()[i] ^= static_cast<std::byte>(1u << random() % 8);
    const double absolute = kTolerances[random() % 5], relative = kTolerances[random() % 5];
    SCOPED_TRACE(round);
    expect_same(run(pair.task(absolute, relative)),
                plain_compare(type(), pair.ref(), pair.cand(), absolute, relative));
  }
}

TEST_P(CompareCore, EveryPlaceIsLookedAt) {
  const std::size_t size = compare_size(type());
  for (std::size_t elements = 1; elements < 40; ++elements) {
    for (std::size_t place = 0; place < elements; ++place) {
      Pair pair(type(), elements, 8);
      pair.fill(std::vector<std::byte>(elements * size, std::byte{0}));
      pair.cand()[place * size] = std::byte{1};
      const CompareResult result = run(pair.task(0, 0));
      ASSERT_EQ(result.mismatches, 1u);
      ASSERT_EQ(result.first_bad, place);
    }
  }
}

TEST_P(CompareCore, BothSidesOfTheOutputAreGuarded) {
  Pair pair(type(), 5, 8);
  EXPECT_EQ(run(pair.task(0, 0)).canary, 0u);
  std::byte* const begin = pair.cand().data();
  begin[-1] = std::byte{0};
  begin[-static_cast<int>(kCanaryBytes)] = std::byte{0};
  pair.cand().end()[0] = std::byte{0};
  pair.cand().end()[kCanaryBytes - 1] = std::byte{0};
  EXPECT_EQ(run(pair.task(0, 0)).canary, 4u);
  begin[-static_cast<int>(kCanaryBytes) - 1] = std::byte{0};  // beyond the zone: not ours
  EXPECT_EQ(run(pair.task(0, 0)).canary, 4u);
}

INSTANTIATE_TEST_SUITE_P(Types, CompareCore, ::testing::Range(0u, kCompareTypes));

/// All numbers of the small formats.
TEST(CompareDecode, IsExactForEveryNumber) {
  const auto same = [](double a, double b) { return (a != a && b != b) || a == b; };
  for (unsigned bits = 0; bits < 65536; ++bits) {
    using compare_detail::to_double;
    ASSERT_TRUE(
        same(to_double(CompareType::Float16, bits), testing::plain_float(bits, 5, 10, true)));
    ASSERT_TRUE(
        same(to_double(CompareType::BFloat16, bits), testing::plain_float(bits, 8, 7, true)));
    if (bits > 255) continue;
    ASSERT_TRUE(
        same(to_double(CompareType::Float8E4M3, bits), testing::plain_float(bits, 4, 3, false)));
    ASSERT_TRUE(
        same(to_double(CompareType::Float8E5M2, bits), testing::plain_float(bits, 5, 2, true)));
  }
  EXPECT_EQ(compare_detail::to_double(CompareType::Float8E4M3, 0x7E), 448);
  EXPECT_EQ(compare_detail::to_double(CompareType::Float8E5M2, 0x7B), 57344);
  EXPECT_EQ(compare_detail::to_double(CompareType::Float32, 0x3F800000), 1);
}

CompareResult compare_floats(float reference, float candidate, double absolute, double relative) {
  Pair pair(CompareType::Float32, 1, 0);
  std::memcpy(pair.ref().data(), &reference, sizeof reference);
  std::memcpy(pair.cand().data(), &candidate, sizeof candidate);
  return run(pair.task(absolute, relative));
}

TEST(CompareRules, EitherToleranceSuffices) {
  EXPECT_EQ(compare_floats(1000, 1001, 0, 1e-3).mismatches, 0u);
  EXPECT_EQ(compare_floats(1000, 1001, 1, 0).mismatches, 0u);
  EXPECT_EQ(compare_floats(1000, 1002, 1, 1e-3).mismatches, 1u);
  EXPECT_EQ(compare_floats(0, 1e-5f, 0, 1e9).mismatches, 1u) << "nothing is relative to 0";
}

TEST(CompareRules, WhatIsNoNumberMustBeTheSame) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(compare_floats(nan, -nan, 0, 0).mismatches, 0u);
  EXPECT_EQ(compare_floats(inf, inf, 0, 0).mismatches, 0u);
  for (const auto& [a, b] :
       {std::pair{nan, 1.f}, {1.f, nan}, {inf, -inf}, {inf, 1.f}, {1.f, -inf}, {nan, inf}}) {
    const CompareResult result = compare_floats(a, b, 1e30, 1e30);
    EXPECT_EQ(result.mismatches, 1u);
    EXPECT_EQ(result.special, 1u);
    EXPECT_EQ(result.first_bad, 0u);
  }
  EXPECT_EQ(compare_floats(0.f, -0.f, 0, 0).mismatches, 0u);
}

TEST(CompareRules, TheWidestIntegersDoNotOverflow) {
  Pair pair(CompareType::Int64, 1, 0);
  const std::int64_t low = INT64_MIN, high = INT64_MAX;
  std::memcpy(pair.ref().data(), &low, sizeof low);
  std::memcpy(pair.cand().data(), &high, sizeof high);
  const CompareResult result = run(pair.task(1, 0));
  EXPECT_EQ(result.mismatches, 1u);
  EXPECT_EQ(result.max_absolute, std::ldexp(1, 64));
}

}  // namespace
}  // namespace fib::dispatch
