// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

/// Compiled form of the expressions that docs/bindings.md describes: a flat program for a stack of
/// 64-bit integers, without loops.
namespace fib::match {

/// Type of bytes in a parameter or an argument, in the order of kScalarNames. Floating-point types
/// stand for their bit patterns, `ptr` for an address.
enum class Scalar : std::uint8_t { I8, U8, I16, U16, I32, U32, I64, U64, F32, F64, Ptr };
inline constexpr std::array<std::string_view, 11> kScalarNames = {
    "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f32", "f64", "ptr"};

[[nodiscard]] constexpr std::uint32_t bytes_of(Scalar type) noexcept {
  constexpr std::array<std::uint8_t, 11> kBytes = {1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 8};
  return kBytes[static_cast<std::size_t>(type)];
}

[[nodiscard]] constexpr std::optional<Scalar> scalar_of(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kScalarNames.size(); ++i) {
    if (kScalarNames[i] == name) return static_cast<Scalar>(i);
  }
  return std::nullopt;
}

enum class Op : std::uint8_t {
  // Terms: push one value.
  Const,       ///< immediate
  Geometry,    ///< a = index
  Param,       ///< a = Scalar, index = parameter, immediate = offset
  WholeParam,  ///< index = parameter; a signed integer of the parameter's size
  Axis,        ///< index = slot
  Value,       ///< index = slot of a tensor's address or a scalar's value
  Workspace,   ///< address of the workspace
  // Control: jumps go forward only, `index` is the target.
  Jump,
  JumpIfZero,     ///< pops
  JumpIfNotZero,  ///< pops
  // One operand.
  Negate,
  Not,   ///< 1 for 0, 0 for all else
  Bool,  ///< 0 for 0, 1 for all else
  // Two operands: both from the stack, or with a != 0 the right one is the immediate.
  Add,
  Subtract,
  Multiply,
  Divide,      ///< rounds towards minus infinity
  Remainder,   ///< has the sign of the divisor
  CeilDivide,  ///< rounds towards plus infinity
  Min,
  Max,
  ShiftLeft,
  ShiftRight,  ///< arithmetic
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual
};

struct Instruction {
  std::int64_t immediate = 0;
  std::uint16_t index = 0;
  Op op = Op::Const;
  std::uint8_t a = 0;
};

/// Limits that a compiled program keeps; evaluation relies on the first.
inline constexpr std::size_t kMaxStack = 64;
inline constexpr std::size_t kMaxInstructions = 1024;
inline constexpr std::size_t kMaxSource = 4096;  ///< characters
inline constexpr std::size_t kMaxDepth =
    128;  ///< grammar rules within each other, about 2 per parenthesis

using Program = std::vector<Instruction>;

}  // namespace fib::match
