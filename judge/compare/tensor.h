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

/// How a tensor lies in memory.
struct TensorLayout {
  std::string name;
  registry::DType dtype = registry::DType::Float32;
  std::vector<std::int64_t> shape;    ///< empty: one element
  std::vector<std::int64_t> strides;  ///< in elements, one for each dimension; >= 0

  [[nodiscard]] std::uint64_t elements() const;
  /// From the first byte of the first element to behind the last one; 0 without elements.
  [[nodiscard]] std::uint64_t extent_bytes() const;
  [[nodiscard]] static std::vector<std::int64_t> contiguous(const std::vector<std::int64_t>& shape);
};

}  // namespace fib::judge
