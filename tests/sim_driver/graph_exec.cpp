// SPDX-License-Identifier: Apache-2.0
// Instantiating, launching and changing executable graphs.
#include "tests/sim_driver/driver.h"

namespace fib::sim {
namespace {

CUgraphExec instantiate(Call& c, CUgraph handle, unsigned long long flags) {
  const ContextPtr context = c.context();
  require(flags <= 15);
  const GraphPtr graph = find_graph(c.driver, handle);
  auto exec = std::make_shared<GraphExec>();
  exec->context = context->handle;
  exec->flags = flags;
  exec->plan = make_plan(c.driver, *graph);
  exec->source = clone_graph(c.driver, *graph);
  exec->source->embedded = true;
  exec->handle = c.driver.execs.insert(exec);
  return exec->handle;
}

void destroy(Call& c, CUgraphExec handle) {
  const ExecPtr exec = find_exec(c.driver, handle);
  destroy_graph(c.driver, exec->source);
  c.driver.execs.erase(handle);  // launches in flight hold the plan
}

void launch_graph(Call& c, CUgraphExec handle, CUstream on) {
  const ExecPtr exec = find_exec(c.driver, handle);
  const StreamPtr stream = c.stream(on);
  guard_legacy(c, *stream);
  if (stream->capture) {
    capture_work(c, *stream, child_from(c, exec->source->handle));
    return;
  }
  std::vector<CompletionPtr> waits;
  if (exec->last && !exec->last->done()) waits.push_back(exec->last);
  exec->last = enqueue(
      c.driver, stream, [plan = exec->plan] { run_plan(*plan); }, std::move(waits));
}

/// The node in the plan; child graphs on the way to it are copied, since they will change.
PlanNode* find_to_change(Plan& plan, const NodePtr& source) {
  for (PlanNode& node : plan.nodes) {
    if (node.source.lock() == source) return &node;
    if (!node.child) continue;
    auto child = std::make_shared<Plan>(*node.child);
    PlanNode* const found = find_to_change(*child, source);
    if (!found) continue;
    node.child = std::move(child);
    return found;
  }
  return nullptr;
}

/// A copy of the plan to change, and the node in it; launches in flight keep the old plan.
std::shared_ptr<Plan> changed_plan(Call& c, const GraphExec& exec, CUgraphNode source,
                                   PlanNode** node) {
  auto plan = std::make_shared<Plan>(*exec.plan);
  *node = find_to_change(*plan, find_node(c.driver, source));
  require(*node != nullptr);
  return plan;
}

void set_work(Call& c, CUgraphExec handle, CUgraphNode source, Work work) {
  const ExecPtr exec = find_exec(c.driver, handle);
  PlanNode* node = nullptr;
  auto plan = changed_plan(c, *exec, source, &node);
  if (const auto* launch = std::get_if<KernelLaunch>(&work))
    if (const auto* old = std::get_if<KernelLaunch>(&node->work))
      require(launch->function->context == old->function->context);
  replace_work(node->work, std::move(work));
  exec->plan = std::move(plan);
}

bool same_topology(const Plan& a, const Plan& b) {
  if (a.nodes.size() != b.nodes.size()) return false;
  for (std::size_t i = 0; i < a.nodes.size(); ++i)
    if (a.nodes[i].work.index() != b.nodes[i].work.index() ||
        a.nodes[i].dependencies != b.nodes[i].dependencies)
      return false;
  return true;
}

void set_child(Call& c, CUgraphExec handle, CUgraphNode source, CUgraph child) {
  const ExecPtr exec = find_exec(c.driver, handle);
  PlanNode* node = nullptr;
  auto plan = changed_plan(c, *exec, source, &node);
  auto replacement = make_plan(c.driver, *find_graph(c.driver, child));
  require(node->child && same_topology(*node->child, *replacement));
  node->child = merge_plans(*node->child, *replacement);
  exec->plan = std::move(plan);
}

void set_enabled(Call& c, CUgraphExec handle, CUgraphNode source, bool enabled) {
  const ExecPtr exec = find_exec(c.driver, handle);
  PlanNode* node = nullptr;
  auto plan = changed_plan(c, *exec, source, &node);
  const auto type = node_type(node->work);
  require(type == CU_GRAPH_NODE_TYPE_KERNEL || type == CU_GRAPH_NODE_TYPE_MEMCPY ||
          type == CU_GRAPH_NODE_TYPE_MEMSET);
  node->enabled = enabled;
  exec->plan = std::move(plan);
}

bool is_enabled(Call& c, CUgraphExec handle, CUgraphNode source) {
  PlanNode* node = nullptr;
  const auto plan = changed_plan(c, *find_exec(c.driver, handle), source, &node);
  return node->enabled;
}

template <class T>
const T& given(const T* params) {
  require(params != nullptr);
  return *params;
}

void instantiate_with_log(Call& c, CUgraphExec* out, CUgraph graph, CUgraphNode* error_node,
                          char* log, size_t log_size) {
  require(out != nullptr);
  if (error_node) *error_node = nullptr;
  if (log && log_size > 0) log[0] = '\0';
  *out = instantiate(c, graph, 0);
}

void instantiate_with_params(Call& c, CUgraphExec* out, CUgraph graph,
                             CUDA_GRAPH_INSTANTIATE_PARAMS* p) {
  require(out && p);
  p->hErrNode_out = nullptr;
  p->result_out = CUDA_GRAPH_INSTANTIATE_ERROR;
  *out = instantiate(c, graph, p->flags);
  p->result_out = CUDA_GRAPH_INSTANTIATE_SUCCESS;
}

}  // namespace

SIM_API(cuGraphInstantiate,
        (CUgraphExec * out, CUgraph graph, CUgraphNode* error_node, char* log, size_t log_size),
        instantiate_with_log(c, out, graph, error_node, log, log_size))
SIM_API(cuGraphInstantiate_v2,
        (CUgraphExec * out, CUgraph graph, CUgraphNode* error_node, char* log, size_t log_size),
        instantiate_with_log(c, out, graph, error_node, log, log_size))
SIM_API(cuGraphInstantiateWithFlags, (CUgraphExec * out, CUgraph graph, unsigned long long flags),
        require(out != nullptr);
        *out = instantiate(c, graph, flags))
SIM_API_TWIN(cuGraphInstantiateWithParams, _ptsz,
             (CUgraphExec * out, CUgraph graph, CUDA_GRAPH_INSTANTIATE_PARAMS* params),
             instantiate_with_params(c, out, graph, params))

SIM_API(cuGraphExecDestroy, (CUgraphExec exec), destroy(c, exec))
SIM_API(cuGraphExecGetFlags, (CUgraphExec exec, cuuint64_t* flags),
        store(flags, find_exec(c.driver, exec)->flags))
SIM_API_TWIN(cuGraphUpload, _ptsz, (CUgraphExec exec, CUstream stream), find_exec(c.driver, exec);
             c.stream(stream))

#define SIM_GRAPH_LAUNCH(symbol, per_thread)                                               \
  extern "C" CUresult CUDAAPI symbol(CUgraphExec exec, CUstream stream) {                  \
    if (g_null_launch.load(std::memory_order_relaxed))                                     \
      return exec ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;                               \
    return call(Api::symbol, per_thread, [&](Call& c) { launch_graph(c, exec, stream); }); \
  }
SIM_GRAPH_LAUNCH(cuGraphLaunch, false)
SIM_GRAPH_LAUNCH(cuGraphLaunch_ptsz, true)

SIM_API(cuGraphExecKernelNodeSetParams,
        (CUgraphExec exec, CUgraphNode node, const CUDA_KERNEL_NODE_PARAMS_v1* params),
        set_work(c, exec, node, launch_from(c, given(params))))
SIM_API(cuGraphExecKernelNodeSetParams_v2,
        (CUgraphExec exec, CUgraphNode node, const CUDA_KERNEL_NODE_PARAMS* params),
        set_work(c, exec, node, launch_from(c, given(params))))
SIM_API(cuGraphExecMemcpyNodeSetParams,
        (CUgraphExec exec, CUgraphNode node, const CUDA_MEMCPY3D* params, CUcontext context),
        set_work(c, exec, node, copy_from(c, given(params), context)))
SIM_API(cuGraphExecMemsetNodeSetParams,
        (CUgraphExec exec, CUgraphNode node, const CUDA_MEMSET_NODE_PARAMS* params,
         CUcontext context),
        set_work(c, exec, node, memset_from(c, given(params), context)))
SIM_API(cuGraphExecHostNodeSetParams,
        (CUgraphExec exec, CUgraphNode node, const CUDA_HOST_NODE_PARAMS* params),
        require(params && params->fn);
        set_work(c, exec, node, HostCall{params->fn, params->userData}))
SIM_API(cuGraphExecBatchMemOpNodeSetParams,
        (CUgraphExec exec, CUgraphNode node, const CUDA_BATCH_MEM_OP_NODE_PARAMS* params),
        set_work(c, exec, node, mem_ops_from(c, given(params))))
SIM_API(cuGraphExecEventRecordNodeSetEvent, (CUgraphExec exec, CUgraphNode node, CUevent event),
        set_work(c, exec, node, EventRecord{find_event(c.driver, event)}))
SIM_API(cuGraphExecEventWaitNodeSetEvent, (CUgraphExec exec, CUgraphNode node, CUevent event),
        set_work(c, exec, node, EventWait{find_event(c.driver, event)}))
SIM_API(cuGraphExecChildGraphNodeSetParams, (CUgraphExec exec, CUgraphNode node, CUgraph child),
        set_child(c, exec, node, child))
SIM_API(cuGraphExecNodeSetParams, (CUgraphExec exec, CUgraphNode node, CUgraphNodeParams* params), {
  if (given(params).type == CU_GRAPH_NODE_TYPE_GRAPH)
    return set_child(c, exec, node, params->graph.graph);
  set_work(c, exec, node, work_from(c, *params));
})

SIM_API(cuGraphNodeSetEnabled, (CUgraphExec exec, CUgraphNode node, unsigned enabled),
        set_enabled(c, exec, node, enabled != 0))
SIM_API(cuGraphNodeGetEnabled, (CUgraphExec exec, CUgraphNode node, unsigned* enabled),
        store(enabled, is_enabled(c, exec, node)))

}  // namespace fib::sim
