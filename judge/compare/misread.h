// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "judge/compare/comparison.h"

namespace fib::judge {

/// What a wrong result would be right as.
struct Misread {
  bool is_dtype = false;  ///< the elements are of another type; else they lie in another shape
  std::string detail;     ///< "right as float16 instead of bfloat16"
};

/// Whether values that are wrong as the Definition declares them are right as another type of the
/// same kind (floating, or integers), one behind the other from the tensor's first byte, as far as
/// they fit; or with two neighbouring dimensions the other way round. Nothing for tensors with
/// gaps, for those of more than 16 million elements, and for values that are too few or too much
/// alike to tell. `expected` and `got` have the layout's extent.
[[nodiscard]] std::optional<Misread> misread(const TensorLayout& layout, Bytes expected, Bytes got);

}  // namespace fib::judge
