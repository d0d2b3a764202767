// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "judge/cases/survey.h"

namespace fib::judge {

/// A launch that is to become a case, and why: "hottest, largest".
struct ChosenLaunch {
  std::size_t index = 0;    ///< into the classes
  std::size_t window = 0;   ///< into the class's windows
  std::size_t launch = 0;   ///< into the window's launches
  std::string role;         ///< empty: because all are
  std::uint64_t count = 0;  ///< launches that it stands for
};

/// Of each Definition the only one, or the smallest, the largest, the median and the hottest class,
/// or all of them. Size is the product of the variable axes, then the bytes of the tensors; hot is
/// what takes the GPU long: estimated_cost_ns(). Only classes with a launch in a window can be
/// chosen; it is their first. In the order of the classes.
[[nodiscard]] std::vector<ChosenLaunch> choose_classes(const std::vector<LaunchClass>& classes,
                                                       bool all);

}  // namespace fib::judge
