// SPDX-License-Identifier: Apache-2.0
#include "registry/match/evaluate.h"

#include <algorithm>
#include <limits>

namespace fib::match {
namespace {

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();

Value failed(Failure failure) noexcept { return {0, failure}; }
Value unless(bool overflow, std::int64_t number) noexcept {
  return overflow ? failed(Failure::Overflow) : Value{number, Failure::None};
}

Value divide(Op op, std::int64_t a, std::int64_t b) noexcept {
  if (b == 0) return failed(Failure::DivisionByZero);
  if (b ==
      -1) {  // the one quotient that may not fit, and in C++ its remainder is undefined as well
    if (op == Op::Remainder) return {};
    return unless(a == kLowest, a == kLowest ? 0 : -a);
  }
  const std::int64_t quotient = a / b, rest = a % b;
  const bool negative = (rest < 0) != (b < 0);  // of the exact quotient's fraction
  switch (op) {
    case Op::Divide: return {quotient - (rest != 0 && negative), Failure::None};
    case Op::Remainder: return {rest + (rest != 0 && negative ? b : 0), Failure::None};
    default: return {quotient + (rest != 0 && !negative), Failure::None};
  }
}

Value shift(Op op, std::int64_t a, std::int64_t b) noexcept {
  if (b < 0 || b > 63) return failed(Failure::ShiftOutOfRange);
  if (op == Op::ShiftRight) return {a >> b, Failure::None};
  const auto shifted = static_cast<std::int64_t>(static_cast<std::uint64_t>(a) << b);
  return unless(shifted >> b != a, shifted);
}

inline Value unary(Op op, std::int64_t a) noexcept {
  switch (op) {
    case Op::Negate: return unless(a == kLowest, a == kLowest ? 0 : -a);
    case Op::Not: return {a == 0};
    default: return {a != 0};
  }
}

template <typename T>
T read(const std::byte* bytes) noexcept {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

Value of_unsigned(std::int64_t number) noexcept { return unless(number < 0, number); }

/// Sizes first: what is read most is 8 or 4 bytes.
inline Value read_scalar(Scalar type, const std::byte* at) noexcept {
  if (type >= Scalar::I64 && type != Scalar::F32) {
    const auto number = read<std::int64_t>(at);
    return type == Scalar::I64 || type == Scalar::F64 ? Value{number} : of_unsigned(number);
  }
  switch (type) {
    case Scalar::I8: return {read<std::int8_t>(at)};
    case Scalar::U8: return {read<std::uint8_t>(at)};
    case Scalar::I16: return {read<std::int16_t>(at)};
    case Scalar::U16: return {read<std::uint16_t>(at)};
    case Scalar::I32: return {read<std::int32_t>(at)};
    default: return {read<std::uint32_t>(at)};
  }
}

Value whole_param(const Instruction& code, const LaunchView& launch) noexcept {
  if (code.index >= launch.param_count) return failed(Failure::NoSuchParameter);
  const std::uint32_t size = launch.layout[code.index].size;
  const std::byte* const at = param_bytes(launch, code.index, 0, size);
  if (at == nullptr) return failed(Failure::NoSuchParameter);
  switch (size) {
    case 1: return read_scalar(Scalar::I8, at);
    case 2: return read_scalar(Scalar::I16, at);
    case 4: return read_scalar(Scalar::I32, at);
    case 8: return read_scalar(Scalar::I64, at);
    default: return failed(Failure::NoSuchParameter);
  }
}

inline Value term(const Instruction& code, const Frame& frame) noexcept {
  switch (code.op) {
    case Op::Const: return {code.immediate};
    case Op::Geometry: return {frame.launch->geometry[code.a]};
    case Op::Param: return detail::param(code, *frame.launch);
    case Op::WholeParam: return whole_param(code, *frame.launch);
    case Op::Axis: return {frame.axes[code.index]};
    case Op::Value: return {frame.values[code.index]};
    default: return {frame.workspace};
  }
}

}  // namespace

const char* to_string(Failure failure) noexcept {
  switch (failure) {
    case Failure::None: return "none";
    case Failure::Overflow: return "overflow";
    case Failure::DivisionByZero: return "division by zero";
    case Failure::ShiftOutOfRange: return "a shift by less than 0 or more than 63";
    case Failure::NoSuchParameter: return "no such bytes among the parameters";
  }
  return "?";
}

Value detail::binary(Op op, std::int64_t a, std::int64_t b) noexcept {
  std::int64_t r = 0;
  bool overflow = false;
  switch (op) {
    case Op::Equal: return {a == b};
    case Op::NotEqual: return {a != b};
    case Op::Less: return {a < b};
    case Op::LessEqual: return {a <= b};
    case Op::Greater: return {a > b};
    case Op::GreaterEqual: return {a >= b};
    case Op::Add: overflow = __builtin_add_overflow(a, b, &r); break;
    case Op::Subtract: overflow = __builtin_sub_overflow(a, b, &r); break;
    case Op::Multiply: overflow = __builtin_mul_overflow(a, b, &r); break;
    case Op::Min: return {std::min(a, b)};
    case Op::Max: return {std::max(a, b)};
    case Op::ShiftLeft:
    case Op::ShiftRight: return shift(op, a, b);
    default: return divide(op, a, b);
  }
  return unless(overflow, r);
}

Value detail::param(const Instruction& code, const LaunchView& launch) noexcept {
  const auto type = static_cast<Scalar>(code.a);
  const auto offset = static_cast<std::uint64_t>(code.immediate);
  if (type == Scalar::Ptr) {  // most of what is read
    const std::byte* const address = param_bytes(launch, code.index, offset, sizeof(std::int64_t));
    return address != nullptr ? of_unsigned(read<std::int64_t>(address))
                              : failed(Failure::NoSuchParameter);
  }
  const std::byte* const at = param_bytes(launch, code.index, offset, bytes_of(type));
  return at != nullptr ? read_scalar(type, at) : failed(Failure::NoSuchParameter);
}

Value detail::run(std::span<const Instruction> program, const Frame& frame) noexcept {
  std::int64_t stack[kMaxStack];
  std::size_t top = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const Instruction& code = program[at];
    Value value;
    if (code.op <= Op::Workspace) {
      value = term(code, frame);
    } else if (code.op >= Op::Add) {
      const std::int64_t right = code.a != 0 ? code.immediate : stack[--top];
      value = binary(code.op, stack[--top], right);
    } else if (code.op >= Op::Negate) {
      value = unary(code.op, stack[--top]);
    } else {
      const bool jump = code.op == Op::Jump || (stack[--top] == 0) == (code.op == Op::JumpIfZero);
      if (jump) at = code.index - std::size_t{1};
      continue;
    }
    if (!value.ok()) return value;
    stack[top++] = value.number;
  }
  return {stack[0]};
}

}  // namespace fib::match
