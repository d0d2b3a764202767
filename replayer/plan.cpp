// SPDX-License-Identifier: Apache-2.0
#include "replayer/plan.h"

#include <algorithm>

namespace fib::replayer {

std::vector<trace::CallArg> CallPlan::args() const {
  const trace::Call call{{}, fixed, words, blobs};
  return trace::bind_args(api->specs, call).args;
}

const RegionPlan& Plan::region_of(std::uint32_t page) const {
  const auto after = std::upper_bound(
      regions.begin(), regions.end(), page,
      [](std::uint32_t p, const RegionPlan& region) { return p < region.first_page; });
  return *std::prev(after);
}

}  // namespace fib::replayer
