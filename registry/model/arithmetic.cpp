// SPDX-License-Identifier: Apache-2.0
#include "registry/model/arithmetic.h"

#include <cmath>
#include <limits>
#include <utility>

namespace fib::registry {
namespace {

constexpr const char* kOverflow = "a value exceeds 64 bits";
constexpr const char* kByZero = "it divides by zero";

double real(const Operand& a) {
  return std::visit([](auto number) { return static_cast<double>(number); }, *a.number);
}

Operand integer_or_overflow(bool overflow, std::int64_t value) {
  return overflow ? Operand::unknown(kOverflow) : Operand::of(Number(value));
}

template <typename Integers, typename Reals>
Operand combine(const Operand& a, const Operand& b, Integers integers, Reals reals) {
  if (!a.known()) return a;
  if (!b.known()) return b;
  const std::int64_t *x = a.integer(), *y = b.integer();
  return x != nullptr && y != nullptr ? integers(*x, *y) : reals(real(a), real(b));
}

template <typename Value>
bool compare_values(Value a, Comparison how, Value b) {
  switch (how) {
    case Comparison::Equal: return a == b;
    case Comparison::NotEqual: return a != b;
    case Comparison::Less: return a < b;
    case Comparison::AtMost: return a <= b;
    case Comparison::Greater: return a > b;
    case Comparison::AtLeast: return a >= b;
  }
  return false;
}

// The smallest integer divided by -1 is the one quotient that does not fit.
bool quotient_overflows(std::int64_t x, std::int64_t y) {
  return x == std::numeric_limits<std::int64_t>::min() && y == -1;
}

Operand integer_power(std::int64_t base, std::int64_t exponent) {
  std::int64_t result = 1;
  bool overflow = false;
  for (; exponent > 0 && !overflow; exponent >>= 1) {
    if ((exponent & 1) != 0) overflow = __builtin_mul_overflow(result, base, &result);
    if (exponent > 1 && __builtin_mul_overflow(base, base, &base)) overflow = true;
  }
  return integer_or_overflow(overflow, result);
}

}  // namespace

bool Operand::truth() const {
  return std::visit([](auto value) { return value != 0; }, *number);
}

Operand compare(const Operand& a, Comparison how, const Operand& b) {
  return combine(
      a, b,
      [&](std::int64_t x, std::int64_t y) { return Operand::of_truth(compare_values(x, how, y)); },
      [&](double x, double y) { return Operand::of_truth(compare_values(x, how, y)); });
}

Operand add(const Operand& a, const Operand& b) {
  return combine(
      a, b,
      [](std::int64_t x, std::int64_t y) {
        std::int64_t sum = 0;
        const bool overflow = __builtin_add_overflow(x, y, &sum);
        return integer_or_overflow(overflow, sum);
      },
      [](double x, double y) { return Operand::of(Number(x + y)); });
}

Operand subtract(const Operand& a, const Operand& b) {
  return combine(
      a, b,
      [](std::int64_t x, std::int64_t y) {
        std::int64_t difference = 0;
        const bool overflow = __builtin_sub_overflow(x, y, &difference);
        return integer_or_overflow(overflow, difference);
      },
      [](double x, double y) { return Operand::of(Number(x - y)); });
}

Operand multiply(const Operand& a, const Operand& b) {
  return combine(
      a, b,
      [](std::int64_t x, std::int64_t y) {
        std::int64_t product = 0;
        const bool overflow = __builtin_mul_overflow(x, y, &product);
        return integer_or_overflow(overflow, product);
      },
      [](double x, double y) { return Operand::of(Number(x * y)); });
}

Operand divide(const Operand& a, const Operand& b) {
  const auto reals = [](double x, double y) {
    return y == 0 ? Operand::unknown(kByZero) : Operand::of(Number(x / y));
  };
  return combine(
      a, b,
      [&](std::int64_t x, std::int64_t y) {
        return reals(static_cast<double>(x), static_cast<double>(y));
      },
      reals);
}

Operand floor_divide(const Operand& a, const Operand& b) {
  return combine(
      a, b,
      [](std::int64_t x, std::int64_t y) {
        if (y == 0) return Operand::unknown(kByZero);
        if (quotient_overflows(x, y)) return Operand::unknown(kOverflow);
        const bool round_down = x % y != 0 && (x < 0) != (y < 0);
        return Operand::of(Number(x / y - (round_down ? 1 : 0)));
      },
      [](double x, double y) {
        return y == 0 ? Operand::unknown(kByZero) : Operand::of(Number(std::floor(x / y)));
      });
}

Operand modulo(const Operand& a, const Operand& b) {
  return combine(
      a, b,
      [](std::int64_t x, std::int64_t y) {
        if (y == 0) return Operand::unknown(kByZero);
        if (quotient_overflows(x, y)) return Operand::of(Number(std::int64_t{0}));
        const std::int64_t rest = x % y;
        return Operand::of(Number(rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest));
      },
      [](double x, double y) {
        return y == 0 ? Operand::unknown(kByZero) : Operand::of(Number(x - std::floor(x / y) * y));
      });
}

Operand power(const Operand& a, const Operand& b) {
  const auto reals = [](double x, double y) {
    if (x == 0 && y < 0) return Operand::unknown(kByZero);
    return Operand::of(Number(std::pow(x, y)));
  };
  return combine(
      a, b,
      [&](std::int64_t x, std::int64_t y) {
        return y < 0 ? reals(static_cast<double>(x), static_cast<double>(y)) : integer_power(x, y);
      },
      reals);
}

Operand extreme(const std::vector<Operand>& operands, bool largest) {
  Operand best = operands.front();
  for (const Operand& operand : operands) {
    const Operand better = compare(operand, largest ? Comparison::Greater : Comparison::Less, best);
    if (!better.known()) return better;
    if (better.truth()) best = operand;
  }
  return best;
}

Operand magnitude(const Operand& a) {
  const Operand zero = Operand::of(Number(std::int64_t{0}));
  const Operand negative = compare(a, Comparison::Less, zero);
  if (!negative.known()) return negative;
  return negative.truth() ? subtract(zero, a) : a;
}

Operand truncate(const Operand& a) {
  if (!a.known() || a.integer() != nullptr) return a;
  const double value = real(a);
  if (!(std::abs(value) < 0x1p63)) return Operand::unknown(kOverflow);
  return Operand::of(Number(static_cast<std::int64_t>(value)));
}

Operand to_real(const Operand& a) { return a.known() ? Operand::of(Number(real(a))) : a; }

}  // namespace fib::registry
