// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "registry/match/expression.h"
#include "registry/match/launch_view.h"

namespace fib::match {

/// Why an expression has no value. A value of its own: nothing else happens.
enum class Failure : std::uint8_t {
  None,
  Overflow,         ///< a result, or a u64 parameter, does not fit in 64 bits with a sign
  DivisionByZero,   ///< of / % ceil_div
  ShiftOutOfRange,  ///< not 0 to 63
  NoSuchParameter   ///< the launch has no such bytes, or param(i) is not 1, 2, 4 or 8 bytes
};
[[nodiscard]] const char* to_string(Failure failure) noexcept;

struct Value {
  std::int64_t number = 0;  ///< 0 on failure
  Failure failure = Failure::None;
  [[nodiscard]] bool ok() const noexcept { return failure == Failure::None; }
};

/// What the terms of a program stand for. Slots that a program names must exist; which it may name
/// is decided by the Scope that it was compiled with.
struct Frame {
  const LaunchView* launch = nullptr;
  const std::int64_t* axes = nullptr;
  const std::int64_t* values = nullptr;
  std::int64_t workspace = 0;
};

namespace detail {
[[nodiscard]] Value param(const Instruction& code, const LaunchView& launch) noexcept;
[[nodiscard]] Value binary(Op op, std::int64_t a, std::int64_t b) noexcept;
[[nodiscard]] Value run(std::span<const Instruction> program, const Frame& frame) noexcept;
}  // namespace detail

/// Runs a program that compile() made. Touches nothing but the frame; takes at most one step per
/// instruction. Most programs are one term, or compare one with a constant: no stack for these.
[[nodiscard]] inline Value evaluate(std::span<const Instruction> program,
                                    const Frame& frame) noexcept {
  const Instruction& first = program.front();
  const bool is_short = program.size() == 1 || (program.size() == 2 && program[1].op >= Op::Add);
  if (!is_short) return detail::run(program, frame);
  Value value;
  switch (first.op) {
    case Op::Param: value = detail::param(first, *frame.launch); break;
    case Op::Geometry: value.number = frame.launch->geometry[first.a]; break;
    case Op::Axis: value.number = frame.axes[first.index]; break;
    case Op::Value: value.number = frame.values[first.index]; break;
    default: return detail::run(program, frame);
  }
  if (program.size() == 1 || !value.ok()) return value;
  if (program[1].op == Op::Equal) return {value.number == program[1].immediate};
  return detail::binary(program[1].op, value.number, program[1].immediate);
}

}  // namespace fib::match
