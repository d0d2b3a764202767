// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace fib::registry {

/// Element types of a Definition, in the order of kDTypeNames.
enum class DType : std::uint8_t {
  Float32,
  Float16,
  BFloat16,
  Float8E4M3,
  Float8E5M2,
  Float4E2M1,
  Int64,
  Int32,
  Int16,
  Int8,
  Bool
};

/// As Definitions spell them.
inline constexpr std::array<std::string_view, 11> kDTypeNames = {
    "float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2", "float4_e2m1",
    "int64",   "int32",   "int16",    "int8",          "bool"};

[[nodiscard]] constexpr std::string_view to_string(DType type) {
  return kDTypeNames[static_cast<std::size_t>(type)];
}

/// Bits of one element: 4 for float4_e2m1, otherwise whole bytes.
[[nodiscard]] constexpr unsigned bits_of(DType type) {
  constexpr std::array<unsigned, 11> kBits = {32, 16, 16, 8, 8, 4, 64, 32, 16, 8, 8};
  return kBits[static_cast<std::size_t>(type)];
}

[[nodiscard]] constexpr bool is_integer(DType type) {
  return type >= DType::Int64 && type <= DType::Int8;
}

/// The code of this type in safetensors files: "F32", "BF16", "F8_E4M3" ...
[[nodiscard]] constexpr std::string_view safetensors_code(DType type) {
  constexpr std::array<std::string_view, 11> kCodes = {
      "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "F4", "I64", "I32", "I16", "I8", "BOOL"};
  return kCodes[static_cast<std::size_t>(type)];
}

/// The type of this name.
[[nodiscard]] constexpr std::optional<DType> dtype_of(std::string_view name) {
  for (std::size_t i = 0; i < kDTypeNames.size(); ++i) {
    if (kDTypeNames[i] == name) return static_cast<DType>(i);
  }
  return std::nullopt;
}

}  // namespace fib::registry
