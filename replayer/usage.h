// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>

#include "replayer/plan.h"

namespace fib::replayer {

/// What a window's operations need of the definitions.
struct Usage {
  std::set<std::uint32_t> kernels, loads;
  std::set<std::uint64_t> contexts;       ///< recorded handles, without 0
  std::set<int> devices;                  ///< recorded ordinals
  std::set<std::uint64_t> launch_graphs;  ///< GraphState::serial
};

[[nodiscard]] Usage usage_of(const Plan& plan);

}  // namespace fib::replayer
