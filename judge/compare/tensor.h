// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "registry/model/dtype.h"

namespace fib::judge {

/// Bytes of one tensor as they lie in memory, from its first element on. Borrowed.
using Bytes = std::span<const std::byte>;

/// How a tensor lies in memory. Elements of float4_e2m1 lie two in a byte, the first in its low
/// half, and are counted one by one, as safetensors files count them.
struct TensorLayout {
  std::string name;
  registry::DType dtype = registry::DType::Float32;
  std::vector<std::int64_t> shape;    ///< empty: one element
  std::vector<std::int64_t> strides;  ///< in elements, one for each dimension; >= 0

  /// Both are 2^64 - 1 for a layout that can't be: negative, too large, or strides missing.
  [[nodiscard]] std::uint64_t elements() const;
  /// From the first byte of the first element to behind the last one; 0 without elements.
  [[nodiscard]] std::uint64_t extent_bytes() const;
  [[nodiscard]] static std::vector<std::int64_t> contiguous(const std::vector<std::int64_t>& shape);
};

}  // namespace fib::judge
