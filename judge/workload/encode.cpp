// SPDX-License-Identifier: Apache-2.0
#include "judge/workload/encode.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace fib::judge {
namespace {

/// A format below float32, and what it has instead of an infinity.
struct Format {
  int exponent_bits, mantissa_bits;
  unsigned largest, beyond, nan;  ///< codes without sign
};
constexpr Format kFloat16 = {5, 10, 0x7bff, 0x7c00, 0x7e00};
constexpr Format kBFloat16 = {8, 7, 0x7f7f, 0x7f80, 0x7fc0};
constexpr Format kFloat8E4M3 = {4, 3, 0x7e, 0x7f, 0x7f};
constexpr Format kFloat8E5M2 = {5, 2, 0x7b, 0x7c, 0x7e};
constexpr Format kFloat4E2M1 = {2, 1, 0x7, 0x7, 0x7};

unsigned code_of(const Format& format, double value) {
  const unsigned sign = static_cast<unsigned>(std::signbit(value))
                        << (format.exponent_bits + format.mantissa_bits);
  if (std::isnan(value)) return sign | format.nan;
  const double size = std::abs(value);
  if (std::isinf(size)) return sign | format.beyond;
  const int bias = (1 << (format.exponent_bits - 1)) - 1;
  const int exponent = size == 0 ? 1 - bias : std::max(std::ilogb(size), 1 - bias);
  // In units of the last place: a subnormal is below 2^mantissa_bits, and a carry out of the
  // mantissa adds to the exponent by itself.
  const double units = std::nearbyint(std::ldexp(size, format.mantissa_bits - exponent));
  const double code = std::ldexp(exponent + bias - 1, format.mantissa_bits) + units;
  return sign | (code > format.largest ? format.beyond : static_cast<unsigned>(code));
}

template <typename Stored, typename Convert>
std::vector<std::byte> pack(std::span<const double> values, Convert&& convert) {
  std::vector<std::byte> bytes(values.size() * sizeof(Stored));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto stored = static_cast<Stored>(convert(values[i]));
    std::memcpy(bytes.data() + i * sizeof stored, &stored, sizeof stored);
  }
  return bytes;
}

std::vector<std::byte> pack_halves(std::span<const double> values) {
  std::vector<std::byte> bytes((values.size() + 1) / 2);
  for (std::size_t i = 0; i < values.size(); ++i)
    bytes[i / 2] |= static_cast<std::byte>(code_of(kFloat4E2M1, values[i]) << (i % 2 * 4));
  return bytes;
}

}  // namespace

std::vector<std::byte> encode(registry::DType dtype, std::span<const double> values) {
  using enum registry::DType;
  const auto as = [](const Format& format) {
    return [&format](double value) { return code_of(format, value); };
  };
  const auto whole = [](double value) { return static_cast<std::int64_t>(value); };
  switch (dtype) {
    case Float32: return pack<float>(values, [](double value) { return value; });
    case Float16: return pack<std::uint16_t>(values, as(kFloat16));
    case BFloat16: return pack<std::uint16_t>(values, as(kBFloat16));
    case Float8E4M3: return pack<std::uint8_t>(values, as(kFloat8E4M3));
    case Float8E5M2: return pack<std::uint8_t>(values, as(kFloat8E5M2));
    case Float4E2M1: return pack_halves(values);
    case Int64: return pack<std::int64_t>(values, whole);
    case Int32: return pack<std::int32_t>(values, whole);
    case Int16: return pack<std::int16_t>(values, whole);
    case Int8: return pack<std::int8_t>(values, whole);
    case Bool: break;
  }
  return pack<std::uint8_t>(values, [](double value) { return value != 0; });
}

}  // namespace fib::judge
