// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "judge/compare/tensor.h"

namespace fib::judge {

/// A layout as equal runs of elements one after the other: dimensions that lie back to back are one
/// run. Meant for layouts whose extent is possible.
class Walk {
 public:
  explicit Walk(const TensorLayout& layout);

  [[nodiscard]] bool is_one_run() const { return runs_ == 1; }
  [[nodiscard]] std::uint64_t run_length() const { return length_; }
  [[nodiscard]] std::uint64_t run_stride() const { return stride_; }  ///< in elements

  /// Calls function(offset, ordinal) for each run, in the order of the indices: offset in elements
  /// from the first one, ordinal of its first element.
  template <typename Function>
  void each_run(Function&& function) const {
    std::vector<std::uint64_t> index(outer_.size(), 0);
    std::uint64_t offset = 0, ordinal = 0;
    for (std::uint64_t run = 0; run < runs_; ++run, ordinal += length_) {
      function(offset, ordinal);
      for (std::size_t i = outer_.size(); i-- > 0;) {
        offset += outer_[i].stride;
        if (++index[i] < outer_[i].extent) break;
        offset -= outer_[i].stride * outer_[i].extent;
        index[i] = 0;
      }
    }
  }

 private:
  struct Dimension {
    std::uint64_t extent, stride;
  };
  std::vector<Dimension> outer_;
  std::uint64_t runs_ = 0, length_ = 1, stride_ = 1;
};

/// The index of an element from its number in the order of indices.
[[nodiscard]] std::vector<std::int64_t> index_of(std::uint64_t ordinal,
                                                 const std::vector<std::int64_t>& shape);

}  // namespace fib::judge
