// SPDX-License-Identifier: Apache-2.0
#include "judge/compare/rows.h"

#include "judge/compare/element.h"
#include "judge/compare/walk.h"

namespace fib::judge {

bool Rows::fit() const { return bytes_.size() >= layout_.extent_bytes(); }

std::uint64_t Rows::columns() const {
  return layout_.shape.empty() ? 1 : static_cast<std::uint64_t>(layout_.shape.back());
}

std::uint64_t Rows::rows() const { return columns() == 0 ? 0 : layout_.elements() / columns(); }

std::vector<double> Rows::row(std::uint64_t index) const {
  std::uint64_t offset = 0, stride = 1;
  for (std::size_t i = layout_.shape.size(); i-- > 0;) {
    const auto step = static_cast<std::uint64_t>(layout_.strides[i]);
    if (i + 1 == layout_.shape.size()) {
      stride = step;
      continue;
    }
    const auto extent = static_cast<std::uint64_t>(layout_.shape[i]);
    offset += index % extent * step;
    index /= extent;
  }
  std::vector<double> values(columns());
  with_element(layout_.dtype, [&](auto element) {
    for (std::uint64_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<double>(element.at(bytes_.data(), offset + i * stride));
  });
  return values;
}

std::vector<double> Rows::all() const {
  std::vector<double> values;
  for (std::uint64_t i = 0; i < rows(); ++i) {
    const std::vector<double> next = row(i);
    values.insert(values.end(), next.begin(), next.end());
  }
  return values;
}

}  // namespace fib::judge
