// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace fib::bench {

Median median_of(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  const auto last = static_cast<double>(samples.size() - 1);
  const double half_width = 0.98 * std::sqrt(last + 1);  // ranks: 1.96 * sqrt(n) / 2
  const auto at = [&](double rank) {
    return samples[static_cast<std::size_t>(std::lround(std::clamp(rank, 0.0, last)))];
  };
  return {at(last / 2), at(std::floor(last / 2 - half_width)),
          at(std::ceil(last / 2 + half_width))};
}

}  // namespace fib::bench
