// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>

#include "cli/hit_rate.h"

namespace fib::cli {

struct HitRateStyle {
  std::string registry;  ///< as the user named it
  bool shadow = false;
};

/// Lines behind "fib: " for stderr: how many of the launches, which kernels, and why not.
void print_hit_rate(std::ostream& out, const HitRate& rate, const HitRateStyle& style);

}  // namespace fib::cli
