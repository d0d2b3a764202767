// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>

#include "dispatch/kernels/compare_core.h"

/// What compare_core.h does, said again in the plainest way.
namespace fib::dispatch::testing {

/// By the definition of a binary floating point format.
inline double plain_float(std::uint64_t bits, int exponent_bits, int mantissa_bits,
                          bool has_infinity) {
  const int bias = (1 << (exponent_bits - 1)) - 1, top = (1 << exponent_bits) - 1;
  const int exponent = static_cast<int>(bits >> mantissa_bits) & top;
  const auto mantissa = static_cast<double>(bits & ((1ull << mantissa_bits) - 1));
  const double fraction = std::ldexp(mantissa, -mantissa_bits);
  const double sign = (bits >> (exponent_bits + mantissa_bits) & 1) != 0 ? -1 : 1;
  if (exponent == top && has_infinity)
    return mantissa == 0 ? sign * std::numeric_limits<double>::infinity() : std::nan("");
  if (exponent == top && mantissa == std::ldexp(1, mantissa_bits) - 1) return std::nan("");
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias);
  return sign * std::ldexp(1 + fraction, exponent - bias);
}

template <typename T>
T read_as(const std::byte* at) {
  T value{};
  std::memcpy(&value, at, sizeof value);
  return value;
}

/// One element as a number; 64-bit integers are compared as long double below.
inline long double plain_number(CompareType type, const std::byte* at) {
  switch (type) {
    case CompareType::Float32: return read_as<float>(at);
    case CompareType::Float64: return read_as<double>(at);
    case CompareType::Float16: return plain_float(read_as<std::uint16_t>(at), 5, 10, true);
    case CompareType::BFloat16: return plain_float(read_as<std::uint16_t>(at), 8, 7, true);
    case CompareType::Float8E4M3: return plain_float(read_as<std::uint8_t>(at), 4, 3, false);
    case CompareType::Float8E5M2: return plain_float(read_as<std::uint8_t>(at), 5, 2, true);
    case CompareType::Int64: return read_as<std::int64_t>(at);
    case CompareType::Int32: return read_as<std::int32_t>(at);
    case CompareType::Int16: return read_as<std::int16_t>(at);
    case CompareType::Int8: return read_as<std::int8_t>(at);
    default: return read_as<std::uint8_t>(at);
  }
}

/// The kernel's errors are differences of doubles, which for these types are exact unless they are
/// doubles themselves.
inline CompareResult plain_compare(CompareType type, std::span<const std::byte> reference,
                                   std::span<const std::byte> candidate, double max_absolute,
                                   double max_relative) {
  CompareResult result{0, 0, ~0ull, 0, 0, 0};
  const std::size_t size = compare_size(type);
  for (std::size_t i = 0; i < reference.size() / size; ++i) {
    const long double a = plain_number(type, reference.data() + i * size);
    const long double b = plain_number(type, candidate.data() + i * size);
    bool bad = false;
    if (std::isnan(a) || std::isnan(b)) {
      bad = !(std::isnan(a) && std::isnan(b));
      result.special += bad ? 1 : 0;
    } else if (std::isinf(a) || std::isinf(b)) {
      bad = a != b;
      result.special += bad ? 1 : 0;
    } else {
      const auto error = static_cast<double>(std::fabs(b - a));
      const auto size_of = static_cast<double>(std::fabs(a));
      bad = error > max_absolute && error > max_relative * size_of;
      result.max_absolute = std::fmax(result.max_absolute, error);
      if (a != 0) result.max_relative = std::fmax(result.max_relative, error / size_of);
    }
    if (bad && result.mismatches++ == 0) result.first_bad = i;
  }
  return result;
}

}  // namespace fib::dispatch::testing
