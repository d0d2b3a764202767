// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "judge/compare/tensor.h"

namespace fib::judge {

/// A tensor as rows of its last dimension, for comparisons by meaning. One without dimensions has
/// one row of one element. Borrows the bytes and the layout.
class Rows {
 public:
  Rows(const TensorLayout& layout, Bytes bytes) : layout_(layout), bytes_(bytes) {}

  /// Whether the bytes have the layout's extent; the rest is only for such.
  [[nodiscard]] bool fit() const;
  [[nodiscard]] std::uint64_t columns() const;
  [[nodiscard]] std::uint64_t rows() const;
  /// The values of a row; integers of more than 53 bits are rounded.
  [[nodiscard]] std::vector<double> row(std::uint64_t index) const;
  /// All elements, in the order of their indices.
  [[nodiscard]] std::vector<double> all() const;

 private:
  const TensorLayout& layout_;
  Bytes bytes_;
};

}  // namespace fib::judge
