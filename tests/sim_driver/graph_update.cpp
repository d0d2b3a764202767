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

CUgraphNode handle_of(const PlanNode& node) { return node.source.lock()->handle; }

/// The dependency that only one of them has; null if their numbers differ.
CUgraphNode unmatched(const PlanNode& before, const PlanNode& after, const Plan& updated) {
  if (before.dependencies.size() != after.dependencies.size()) return nullptr;
  for (std::size_t i = 0; i < after.dependencies.size(); ++i)
    if (before.dependencies[i] != after.dependencies[i])
      return handle_of(updated.nodes[after.dependencies[i]]);
  return nullptr;
}

bool is_cooperative(const KernelLaunch& launch) {
  for (const CUlaunchAttribute& attribute : launch.attributes)
    if (attribute.id == CU_LAUNCH_ATTRIBUTE_COOPERATIVE) return attribute.value.cooperative != 0;
  return false;
}

/// A kernel may become another one of the same context, with another cluster; but not cooperative.
CUgraphExecUpdateResult refused_change(const PlanNode& before, const PlanNode& after) {
  const auto* from = std::get_if<KernelLaunch>(&before.work);
  if (!from) return CU_GRAPH_EXEC_UPDATE_SUCCESS;
  const auto& to = std::get<KernelLaunch>(after.work);
  if (from->function->context != to.function->context)
    return CU_GRAPH_EXEC_UPDATE_ERROR_UNSUPPORTED_FUNCTION_CHANGE;
  return is_cooperative(*from) == is_cooperative(to)
             ? CU_GRAPH_EXEC_UPDATE_SUCCESS
             : CU_GRAPH_EXEC_UPDATE_ERROR_ATTRIBUTES_CHANGED;
}

/// Nodes correspond by the order of their creation, as they do for graphs that the same code built.
Mismatch compare(const Plan& current, const Plan& updated) {
  for (std::size_t i = 0; i < std::min(current.nodes.size(), updated.nodes.size()); ++i) {
    const PlanNode &before = current.nodes[i], &after = updated.nodes[i];
    if (before.work.index() != after.work.index())
      return {CU_GRAPH_EXEC_UPDATE_ERROR_NODE_TYPE_CHANGED, handle_of(after), nullptr};
    if (before.dependencies != after.dependencies)
      return {CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED, handle_of(after),
              unmatched(before, after, updated)};
    if (const auto refused = refused_change(before, after); refused != CU_GRAPH_EXEC_UPDATE_SUCCESS)
      return {refused, handle_of(after), nullptr};
    if (!before.child) continue;
    if (const Mismatch inner = compare(*before.child, *after.child); inner.node) return inner;
  }
  if (current.nodes.size() != updated.nodes.size()) {
    const bool grown = updated.nodes.size() > current.nodes.size();
    return {CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED,
            grown ? handle_of(updated.nodes[current.nodes.size()]) : nullptr, nullptr};
  }
  return {};
}

Mismatch update(Call& c, CUgraphExec handle, CUgraph graph) {
  const ExecPtr exec = find_exec(c.driver, handle);
  const auto updated = make_plan(c.driver, *find_graph(c.driver, graph));
  const Mismatch mismatch = compare(*exec->plan, *updated);
  if (mismatch.result == CU_GRAPH_EXEC_UPDATE_SUCCESS)
    exec->plan = merge_plans(*exec->plan, *updated);
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
