// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "replayer/graph_history.h"

namespace fib::replayer {

/// See GraphState::order. Deterministic, and linear in the size of the graph but for the heap.
[[nodiscard]] std::vector<std::uint32_t> graph_order(const std::vector<GraphNodePlan>& nodes,
                                                     const std::vector<trace::GraphEdge>& edges);

}  // namespace fib::replayer
