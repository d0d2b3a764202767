// SPDX-License-Identifier: Apache-2.0
#include "judge/workload/random_values.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

namespace fib::judge {
namespace {

std::uint64_t mix(std::uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

void softmax(std::span<double> row) {
  const double highest = *std::max_element(row.begin(), row.end());
  double total = 0;
  for (double& value : row) total += value = std::exp(value - highest);
  for (double& value : row) value /= total;
}

double draw_one(const Distribution& distribution, RandomStream& random) {
  switch (distribution.kind) {
    case Distribution::Kind::Normal: return random.normal();
    case Distribution::Kind::ClampedNormal: return std::clamp(random.normal(), -2.0, 2.0);
    case Distribution::Kind::Integers: break;
  }
  return static_cast<double>(random.integer(distribution.low, distribution.high));
}

}  // namespace

RandomStream::RandomStream(std::uint64_t seed, std::string_view name) : state_(mix(seed)) {
  for (const char c : name) state_ = mix(state_ ^ static_cast<unsigned char>(c));
}

std::uint64_t RandomStream::next() { return mix(state_ += 0x9e3779b97f4a7c15); }

std::int64_t RandomStream::integer(std::int64_t low, std::int64_t high) {
  const auto range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  // The ranges are far below 2^64, so that what is left over does not show.
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + next() % range);
}

double RandomStream::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double above_zero = (static_cast<double>(next() >> 11) + 1) * 0x1p-53;
  const double angle = 2 * std::numbers::pi * (static_cast<double>(next() >> 11) * 0x1p-53);
  const double radius = std::sqrt(-2 * std::log(above_zero));
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

std::string Distribution::text() const {
  if (kind == Kind::Integers)
    return "integers in [" + std::to_string(low) + ", " + std::to_string(high) + ")";
  return std::string(softmax ? "softmax of " : "") +
         (kind == Kind::Normal ? "normal" : "normal within +-2");
}

Distribution distribution_for(registry::DType dtype, std::string_view op_type,
                              std::string_view input) {
  using enum registry::DType;
  using Kind = Distribution::Kind;
  switch (dtype) {
    case Float32:
    case Float16:
    case BFloat16: return {Kind::Normal, 0, 0, op_type == "sampling" && input == "probs"};
    case Float8E4M3:
    case Float8E5M2:
    case Float4E2M1: return {Kind::ClampedNormal, 0, 0, false};
    case Bool: return {Kind::Integers, 0, 2, false};
    case Int8: return {Kind::Integers, -128, 128, false};
    default: return {Kind::Integers, -1024, 1024, false};
  }
}

std::vector<double> draw(const Distribution& distribution, std::uint64_t count, std::uint64_t row,
                         RandomStream& random) {
  std::vector<double> values(count);
  for (double& value : values) value = draw_one(distribution, random);
  if (!distribution.softmax || row == 0) return values;
  for (std::uint64_t begin = 0; begin + row <= count; begin += row)
    softmax(std::span(values).subspan(begin, row));
  return values;
}

}  // namespace fib::judge
