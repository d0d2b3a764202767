// SPDX-License-Identifier: Apache-2.0
#include "judge/compare/walk.h"

namespace fib::judge {

Walk::Walk(const TensorLayout& layout) {
  if (layout.elements() == 0) return;
  for (std::size_t i = 0; i < layout.shape.size(); ++i) {
    const auto extent = static_cast<std::uint64_t>(layout.shape[i]);
    const auto stride = static_cast<std::uint64_t>(layout.strides[i]);
    if (extent == 1) continue;
    if (!outer_.empty() && outer_.back().stride == stride * extent) {
      outer_.back() = {outer_.back().extent * extent, stride};
    } else {
      outer_.push_back({extent, stride});
    }
  }
  if (!outer_.empty()) {
    length_ = outer_.back().extent;
    stride_ = outer_.back().stride;
    outer_.pop_back();
  }
  runs_ = 1;
  for (const Dimension& dimension : outer_) runs_ *= dimension.extent;
}

std::vector<std::int64_t> index_of(std::uint64_t ordinal, const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> index(shape.size());
  for (std::size_t i = shape.size(); i-- > 0;) {
    const auto extent = static_cast<std::uint64_t>(shape[i]);
    index[i] = static_cast<std::int64_t>(ordinal % extent);
    ordinal /= extent;
  }
  return index;
}

}  // namespace fib::judge
