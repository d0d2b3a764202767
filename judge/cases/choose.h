// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "judge/cases/survey.h"

namespace fib::judge {

/// A class that is to be judged, and why: "hottest, largest".
struct ChosenClass {
  std::size_t index = 0;  ///< into the classes
  std::string role;       ///< empty: because all are
};

/// Of each Definition the smallest, the largest, the median and the hottest class, or all of them.
/// Size is the product of the variable axes, then the bytes of the tensors; hot is what ran most
/// often. Only classes with a launch in a window can be chosen. In the order of the classes.
[[nodiscard]] std::vector<ChosenClass> choose_classes(const std::vector<LaunchClass>& classes,
                                                      bool all);

}  // namespace fib::judge
