// SPDX-License-Identifier: Apache-2.0
// cuGraphExecUpdate: new parameters for an instantiated graph of the same topology.
#include "tests/sim_driver/driver.h"

namespace fib::sim {
namespace {

struct Mismatch {
  CUgraphExecUpdateResult result = CU_GRAPH_EXEC_UPDATE_SUCCESS;
  CUgraphNode node = nullptr;
  CUgraphNode from = nullptr;
};

/// Nodes correspond by the order of their creation, as they do for graphs that the same code built.
Mismatch compare(const Plan& current, const Plan& updated) {
  for (std::size_t i = 0; i < std::min(current.nodes.size(), updated.nodes.size()); ++i) {
    const PlanNode &before = current.nodes[i], &after = updated.nodes[i];
    if (before.work.index() != after.work.index())
      return {CU_GRAPH_EXEC_UPDATE_ERROR_NODE_TYPE_CHANGED, after.source, nullptr};
    if (before.dependencies != after.dependencies)
      return {CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED, after.source, nullptr};
    if (!before.child) continue;
    if (const Mismatch inner = compare(*before.child, *after.child); inner.node) return inner;
  }
  if (current.nodes.size() != updated.nodes.size()) {
    const bool grown = updated.nodes.size() > current.nodes.size();
    return {CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED,
            grown ? updated.nodes[current.nodes.size()].source : nullptr, nullptr};
  }
  return {};
}

/// The old plan with the new work: node identities and what is disabled stay.
std::shared_ptr<Plan> merge(const Plan& current, const Plan& updated) {
  auto merged = std::make_shared<Plan>(current);
  for (std::size_t i = 0; i < merged->nodes.size(); ++i) {
    PlanNode& node = merged->nodes[i];
    node.work = updated.nodes[i].work;
    if (node.child) node.child = merge(*node.child, *updated.nodes[i].child);
  }
  return merged;
}

Mismatch update(Call& c, CUgraphExec handle, CUgraph graph) {
  const ExecPtr exec = find_exec(c.driver, handle);
  const auto updated = make_plan(c.driver, *find_graph(c.driver, graph));
  const Mismatch mismatch = compare(*exec->plan, *updated);
  if (mismatch.result == CU_GRAPH_EXEC_UPDATE_SUCCESS) exec->plan = merge(*exec->plan, *updated);
  return mismatch;
}

void require_success(const Mismatch& mismatch) {
  require(mismatch.result == CU_GRAPH_EXEC_UPDATE_SUCCESS, CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE);
}

}  // namespace

SIM_API(cuGraphExecUpdate,
        (CUgraphExec exec, CUgraph graph, CUgraphNode* error_node, CUgraphExecUpdateResult* result),
        {
          const Mismatch mismatch = update(c, exec, graph);
          store_if(error_node, mismatch.node);
          store_if(result, mismatch.result);
          require_success(mismatch);
        })

SIM_API(cuGraphExecUpdate_v2, (CUgraphExec exec, CUgraph graph, CUgraphExecUpdateResultInfo* info),
        {
          require(info != nullptr);
          const Mismatch mismatch = update(c, exec, graph);
          info->result = mismatch.result;
          info->errorNode = mismatch.node;
          info->errorFromNode = mismatch.from;
          require_success(mismatch);
        })

}  // namespace fib::sim
