// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "registry/model/dtype.h"

namespace fib::registry {

/// What a function's signature says about one parameter.
struct ParameterType {
  bool is_pointer = false;
  bool is_const = false;  ///< what it points to
  std::optional<DType>
      dtype;  ///< of what it points to, or of itself; nothing if it is none of ours
  bool operator==(const ParameterType&) const = default;
};

/// Types of the parameters in a demangled name; empty unless it has exactly `count` of them.
[[nodiscard]] std::vector<ParameterType> parameter_types(std::string_view demangled,
                                                         std::size_t count);

}  // namespace fib::registry
