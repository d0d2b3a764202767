// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

namespace fib::bench {

/// The median and where the true median lies with about 95 % confidence (order statistics: no
/// assumption about the distribution). Needs at least one sample.
struct Median {
  double value, low, high;
};
[[nodiscard]] Median median_of(std::vector<double> samples);

}  // namespace fib::bench
