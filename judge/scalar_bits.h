// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

/// Scalars as a launch has them in its parameters: integers as they are, floating ones by the bits
/// of an f32 or f64, in the integer that a binding reads.
namespace fib::judge {

/// The number that these bits are: an f64 if they are more than 32, which those of no f64 but zero
/// fit into.
[[nodiscard]] inline double real_of_bits(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  if (bits >> 32 != 0) return std::bit_cast<double>(bits);
  return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
}

/// As an f32.
[[nodiscard]] inline std::int64_t bits_of_real(double value) {
  return std::bit_cast<std::uint32_t>(static_cast<float>(value));
}

}  // namespace fib::judge
