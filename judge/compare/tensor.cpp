// SPDX-License-Identifier: Apache-2.0
#include "judge/compare/tensor.h"

#include <limits>

namespace fib::judge {
namespace {

constexpr std::uint64_t kImpossible = std::numeric_limits<std::uint64_t>::max();

}  // namespace

std::uint64_t TensorLayout::elements() const {
  std::uint64_t total = 1;
  bool none = false, possible = true;
  for (const std::int64_t extent : shape) {
    possible = possible && extent >= 0;
    none = none || extent == 0;
    if (!none && possible && __builtin_mul_overflow(total, extent, &total)) return kImpossible;
  }
  if (!possible) return kImpossible;
  return none ? 0 : total;
}

std::uint64_t TensorLayout::extent_bytes() const {
  const std::uint64_t count = elements();
  if (count == 0 || count == kImpossible) return count;
  if (strides.size() != shape.size()) return kImpossible;
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    std::uint64_t way = 0;
    if (strides[i] < 0 || __builtin_mul_overflow(shape[i] - 1, strides[i], &way) ||
        __builtin_add_overflow(last, way, &last))
      return kImpossible;
  }
  std::uint64_t bits = 0;
  if (__builtin_mul_overflow(last + 1, registry::bits_of(dtype), &bits)) return kImpossible;
  return bits / 8 + (bits % 8 != 0);
}

std::vector<std::int64_t> TensorLayout::contiguous(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size());
  std::int64_t stride = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    // What overflows here has more elements than there can be, which extent_bytes() says.
    if (shape[i] > 0 && __builtin_mul_overflow(stride, shape[i], &stride)) stride = 0;
  }
  return strides;
}

}  // namespace fib::judge
