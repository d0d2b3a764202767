// SPDX-License-Identifier: Apache-2.0
#include "judge/compare/misread.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "judge/compare/element.h"

namespace fib::judge {
namespace {

using registry::DType;

/// Fewer elements, or fewer different ones, may be alike by chance.
constexpr std::size_t kLeast = 8, kLeastDifferent = 4;
/// More are not looked at: each takes 16 bytes here, and the status without it is right as well.
constexpr std::uint64_t kMost = 1 << 24;

bool same_kind(DType a, DType b) {
  return a != DType::Bool && b != DType::Bool && registry::is_integer(a) == registry::is_integer(b);
}

/// Elements of a type, as many as are wanted and there.
std::vector<double> read_as(DType dtype, Bytes bytes, std::size_t count) {
  count = std::min(count, bytes.size() * 8 / registry::bits_of(dtype));
  std::vector<double> values(count);
  with_element(dtype, [&](auto element) {
    for (std::size_t i = 0; i < count; ++i)
      values[i] = static_cast<double>(element.at(bytes.data(), i));
  });
  return values;
}

bool can_tell(const std::vector<double>& values, std::size_t count) {
  std::set<double> different;
  for (std::size_t i = 0; i < count && different.size() < kLeastDifferent; ++i)
    if (!std::isnan(values[i])) different.insert(values[i]);
  return count >= kLeast && different.size() >= kLeastDifferent;
}

bool is_near(double expected, double got, const Tolerance& tolerance) {
  return std::abs(expected - got) <= tolerance.absolute + tolerance.relative * std::abs(expected);
}

/// The looser one of both types; absolutely no more than the values' own size allows, since small
/// ones are within 1e-2 of any others.
Tolerance tolerance_of(DType a, DType b, const std::vector<double>& expected) {
  const Tolerance one = default_tolerance(a), other = default_tolerance(b);
  double size = 0;
  for (const double value : expected)
    if (std::isfinite(value)) size += std::abs(value) / static_cast<double>(expected.size());
  const double relative = std::max(one.relative, other.relative);
  return {std::min(std::max(one.absolute, other.absolute), relative * size), relative, 1};
}

std::optional<Misread> other_dtype(const TensorLayout& layout, const std::vector<double>& expected,
                                   Bytes got) {
  for (std::size_t i = 0; i < registry::kDTypeNames.size(); ++i) {
    const auto dtype = static_cast<DType>(i);
    if (dtype == layout.dtype || !same_kind(dtype, layout.dtype)) continue;
    const std::vector<double> values = read_as(dtype, got, expected.size());
    if (!can_tell(expected, values.size())) continue;
    const Tolerance tolerance = tolerance_of(dtype, layout.dtype, expected);
    if (!std::equal(values.begin(), values.end(), expected.begin(),
                    [&](double g, double e) { return is_near(e, g, tolerance); }))
      continue;
    return Misread{true, "right as " + std::string(registry::to_string(dtype)) + " instead of " +
                             std::string(registry::to_string(layout.dtype))};
  }
  return std::nullopt;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + "]";
}

/// Whether `got` holds `expected` with dimensions d and d + 1 swapped.
bool is_swapped(const std::vector<std::int64_t>& shape, std::size_t d,
                const std::vector<double>& expected, const std::vector<double>& got,
                const Tolerance& tolerance) {
  std::size_t inner = 1;
  for (std::size_t i = d + 2; i < shape.size(); ++i) inner *= static_cast<std::size_t>(shape[i]);
  const auto rows = static_cast<std::size_t>(shape[d]);
  const auto columns = static_cast<std::size_t>(shape[d + 1]);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::size_t block = i / (rows * columns * inner) * rows * columns * inner;
    const std::size_t row = i / (columns * inner) % rows, column = i / inner % columns;
    const double other = got[block + (column * rows + row) * inner + i % inner];
    if (!is_near(expected[i], other, tolerance)) return false;
  }
  return true;
}

std::optional<Misread> other_shape(const TensorLayout& layout, const std::vector<double>& expected,
                                   Bytes got) {
  if (!can_tell(expected, expected.size())) return std::nullopt;
  const std::vector<double> values = read_as(layout.dtype, got, expected.size());
  const Tolerance tolerance = tolerance_of(layout.dtype, layout.dtype, expected);
  for (std::size_t d = 0; d + 1 < layout.shape.size(); ++d) {
    std::vector<std::int64_t> other = layout.shape;
    std::swap(other[d], other[d + 1]);
    // Of a square one the shape is right, and the values are wrong.
    if (other == layout.shape || layout.shape[d] == 1 || layout.shape[d + 1] == 1) continue;
    if (is_swapped(layout.shape, d, expected, values, tolerance))
      return Misread{false,
                     "right as " + shape_text(other) + " instead of " + shape_text(layout.shape)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Misread> misread(const TensorLayout& layout, Bytes expected, Bytes got) {
  if (layout.strides != TensorLayout::contiguous(layout.shape)) return std::nullopt;
  if (layout.elements() > kMost) return std::nullopt;
  const std::vector<double> values = read_as(layout.dtype, expected, layout.elements());
  if (auto found = other_dtype(layout, values, got)) return found;
  return other_shape(layout, values, got);
}

}  // namespace fib::judge
