// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "registry/model/dtype.h"

/// Elements of all types as numbers, without a decision for each element.
namespace fib::judge {

/// The value of a small float: `exponent_bits` and `mantissa_bits` below its sign. Without
/// infinities and NaN; those depend on the format.
[[nodiscard]] constexpr float small_float(unsigned code, int exponent_bits, int mantissa_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int mantissa = static_cast<int>(code & ((1u << mantissa_bits) - 1));
  const int exponent = static_cast<int>(code >> mantissa_bits & ((1u << exponent_bits) - 1));
  const bool negative = (code >> (exponent_bits + mantissa_bits) & 1) != 0;
  float value = static_cast<float>(exponent == 0 ? mantissa : mantissa + (1 << mantissa_bits));
  for (int i = (exponent == 0 ? 1 : exponent) - bias - mantissa_bits; i != 0; i += i < 0 ? 1 : -1)
    value = i < 0 ? value / 2 : value * 2;
  return negative ? -value : value;
}

/// float8_e4m3fn has no infinity, and one NaN of each sign.
inline constexpr std::array<float, 256> kFloat8E4M3 = [] {
  std::array<float, 256> values{};
  for (unsigned i = 0; i < 256; ++i)
    values[i] = (i & 0x7f) == 0x7f ? std::numeric_limits<float>::quiet_NaN() : small_float(i, 4, 3);
  return values;
}();

/// float8_e5m2 is the upper half of a float16.
inline constexpr std::array<float, 256> kFloat8E5M2 = [] {
  std::array<float, 256> values{};
  for (unsigned i = 0; i < 256; ++i) {
    const float infinity = std::numeric_limits<float>::infinity();
    values[i] = (i & 0x7f) < 0x7c    ? small_float(i, 5, 2)
                : (i & 0x7f) == 0x7c ? (i < 0x80 ? infinity : -infinity)
                                     : std::numeric_limits<float>::quiet_NaN();
  }
  return values;
}();

inline constexpr std::array<float, 16> kFloat4E2M1 = [] {
  std::array<float, 16> values{};
  for (unsigned i = 0; i < 16; ++i) values[i] = small_float(i, 2, 1);
  return values;
}();

[[nodiscard]] inline float from_half(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  const std::uint32_t rest = static_cast<std::uint32_t>(half & 0x7fffu) << 13;
  // The multiplication moves the exponent from one bias to the other, subnormals included.
  const float scaled = std::bit_cast<float>(rest) * 0x1p112f;
  const std::uint32_t special = rest >= 0x7c00u << 13 ? 0x7f800000u : 0u;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(scaled) | special | sign);
}

[[nodiscard]] inline float from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

template <typename Stored>
[[nodiscard]] Stored load(const std::byte* data, std::uint64_t index) {
  Stored value;
  std::memcpy(&value, data + index * sizeof value, sizeof value);
  return value;
}

/// Value: double, or std::int64_t for types whose values a double need not hold. `at` is element
/// `index` of the memory at `data`, which need not be aligned.
template <registry::DType Type>
struct Element {
  using Value = double;
  static Value at(const std::byte* data, std::uint64_t index) {
    using enum registry::DType;
    if constexpr (Type == Float32) return load<float>(data, index);
    if constexpr (Type == Float16) return from_half(load<std::uint16_t>(data, index));
    if constexpr (Type == BFloat16) return from_bfloat16(load<std::uint16_t>(data, index));
    if constexpr (Type == Float8E4M3) return kFloat8E4M3[load<std::uint8_t>(data, index)];
    if constexpr (Type == Float8E5M2) return kFloat8E5M2[load<std::uint8_t>(data, index)];
    if constexpr (Type == Float4E2M1)
      return kFloat4E2M1[load<std::uint8_t>(data, index / 2) >> (index % 2 * 4) & 15];
  }
};

template <typename Stored>
struct IntegerElement {
  using Value = std::int64_t;
  static Value at(const std::byte* data, std::uint64_t index) { return load<Stored>(data, index); }
};
template <>
struct Element<registry::DType::Int64> : IntegerElement<std::int64_t> {};
template <>
struct Element<registry::DType::Int32> : IntegerElement<std::int32_t> {};
template <>
struct Element<registry::DType::Int16> : IntegerElement<std::int16_t> {};
template <>
struct Element<registry::DType::Int8> : IntegerElement<std::int8_t> {};
template <>
struct Element<registry::DType::Bool> : IntegerElement<std::uint8_t> {};

/// Calls `function` with the Element of this type.
template <typename Function>
decltype(auto) with_element(registry::DType type, Function&& function) {
  using enum registry::DType;
  switch (type) {
    case Float32: return function(Element<Float32>{});
    case Float16: return function(Element<Float16>{});
    case BFloat16: return function(Element<BFloat16>{});
    case Float8E4M3: return function(Element<Float8E4M3>{});
    case Float8E5M2: return function(Element<Float8E5M2>{});
    case Float4E2M1: return function(Element<Float4E2M1>{});
    case Int64: return function(Element<Int64>{});
    case Int32: return function(Element<Int32>{});
    case Int16: return function(Element<Int16>{});
    case Int8: return function(Element<Int8>{});
    case Bool: break;
  }
  return function(Element<Bool>{});
}

}  // namespace fib::judge
