// SPDX-License-Identifier: Apache-2.0
#include "judge/workload/encode.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "judge/compare/element.h"

namespace fib::judge {
namespace {

using registry::DType;

double there_and_back(DType dtype, double value) {
  const auto bytes = encode(dtype, std::span(&value, 1));
  return with_element(
      dtype, [&](auto element) { return static_cast<double>(element.at(bytes.data(), 0)); });
}

TEST(Encode, IsUndoneByDecoding) {
  // Every code of every small type, but for NaN, whose payload is not kept.
  for (const DType dtype :
       {DType::Float16, DType::BFloat16, DType::Float8E4M3, DType::Float8E5M2}) {
    const unsigned size = registry::bits_of(dtype) / 8;
    for (unsigned code = 0; code < 1u << (8 * size); ++code) {
      const std::uint64_t wide = code;  // little-endian: its first bytes are the element
      const double value = with_element(dtype, [&](auto element) {
        return static_cast<double>(element.at(reinterpret_cast<const std::byte*>(&wide), 0));
      });
      const auto bytes = encode(dtype, std::span(&value, 1));
      unsigned again = 0;
      std::memcpy(&again, bytes.data(), size);
      if (std::isnan(value)) {
        EXPECT_TRUE(std::isnan(there_and_back(dtype, value)));
      } else {
        ASSERT_EQ(again, code) << registry::to_string(dtype);
      }
    }
  }
}

TEST(Encode, RoundsToTheNearestTiesToEven) {
  EXPECT_EQ(there_and_back(DType::BFloat16, 1 + 0x1p-8), 1);
  EXPECT_EQ(there_and_back(DType::BFloat16, 1 + 0x3p-8), 1 + 0x4p-8);
  EXPECT_EQ(there_and_back(DType::BFloat16, 1 + 0x1.01p-8), 1 + 0x2p-8);
  EXPECT_EQ(there_and_back(DType::BFloat16, 1.999), 2);  // a carry into the exponent
  EXPECT_EQ(there_and_back(DType::Float16, 0x1p-25), 0);
  EXPECT_EQ(there_and_back(DType::Float16, 0x1.8p-24), 0x1p-23);
  EXPECT_EQ(there_and_back(DType::Float16, 0x1.fffp-15), 0x1p-14);  // the first that is normal
  EXPECT_EQ(there_and_back(DType::Float8E4M3, 17), 16);
  EXPECT_EQ(there_and_back(DType::Float8E4M3, 19), 20);
}

TEST(Encode, KnowsWhatIsTooLarge) {
  EXPECT_EQ(there_and_back(DType::Float16, 65519), 65504);
  EXPECT_EQ(there_and_back(DType::Float16, 65520), HUGE_VAL);
  EXPECT_EQ(there_and_back(DType::BFloat16, -HUGE_VAL), -HUGE_VAL);
  EXPECT_EQ(there_and_back(DType::Float8E4M3, 448), 448);
  EXPECT_TRUE(std::isnan(there_and_back(DType::Float8E4M3, 1000)));
  EXPECT_EQ(there_and_back(DType::Float8E5M2, 1e6), HUGE_VAL);
  EXPECT_EQ(there_and_back(DType::Float4E2M1, -100), -6);
}

TEST(Encode, PacksHalfBytes) {
  const double values[] = {1, 6, -6};
  const auto bytes = encode(DType::Float4E2M1, values);
  ASSERT_EQ(bytes.size(), 2u);
  EXPECT_EQ(bytes[0], std::byte{0x72});
  EXPECT_EQ(bytes[1], std::byte{0x0f});
}

TEST(Encode, TakesIntegersAsTheyAre) {
  for (const DType dtype : {DType::Int64, DType::Int32, DType::Int16, DType::Int8})
    EXPECT_EQ(there_and_back(dtype, -100), -100);
  EXPECT_EQ(there_and_back(DType::Bool, -100), 1);
}

}  // namespace
}  // namespace fib::judge
