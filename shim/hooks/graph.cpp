// SPDX-License-Identifier: Apache-2.0
//
// Executable graphs: read back when they are made or changed, or in Mode::Apply made and changed
// with replacements. Graph building itself is not hooked, but for conditional nodes, whose bodies
// only their creation tells.
#include "shim/hooks/graph_apply.h"
#include "shim/hooks/hooks.h"

namespace fib::shim {
namespace {

template <Api A, class... Args>
CUresult instantiate(const InstantiationOutputs& outputs, CUgraphExec* exec, CUgraph graph,
                     std::uint64_t flags, Args... args) noexcept {
  if (mode() == Mode::Apply) return apply_instantiate<A>(outputs, flags, exec, graph, args...);
  return observe<A>(
      [&](Recorder& recorder, CUresult result, std::uint64_t) noexcept {
        if (result == CUDA_SUCCESS && exec != nullptr)
          recorder.graphs.instantiated(*exec, graph, flags);
      },
      exec, graph, args...);
}

template <Api A>
CUresult instantiate_with_params(CUgraphExec* exec, CUgraph graph,
                                 CUDA_GRAPH_INSTANTIATE_PARAMS* params) noexcept {
  const std::uint64_t flags = params != nullptr ? params->flags : 0;
  return instantiate<A>({nullptr, nullptr, 0, params}, exec, graph, flags, params);
}

template <Api A, class... Args>
CUresult update(const UpdateOutputs& outputs, CUgraphExec exec, CUgraph graph,
                Args... args) noexcept {
  if (mode() == Mode::Apply) return apply_update<A>(outputs, exec, graph, args...);
  return observe<A>(
      [&](Recorder& recorder, CUresult result, std::uint64_t) noexcept {
        if (result == CUDA_SUCCESS) recorder.graphs.updated(exec, graph);
      },
      exec, graph, args...);
}

template <class Params>
CUDA_KERNEL_NODE_PARAMS as_current(const Params& old) noexcept {
  CUDA_KERNEL_NODE_PARAMS params{};
  params.func = old.func;
  params.gridDimX = old.gridDimX;
  params.gridDimY = old.gridDimY;
  params.gridDimZ = old.gridDimZ;
  params.blockDimX = old.blockDimX;
  params.blockDimY = old.blockDimY;
  params.blockDimZ = old.blockDimZ;
  params.sharedMemBytes = old.sharedMemBytes;
  params.kernelParams = old.kernelParams;
  params.extra = old.extra;
  return params;
}

/// A node's kernel; `given` may be null, and `params` is then not looked at.
template <Api A, class Params>
CUresult set_kernel(CUgraphExec exec, CUgraphNode node, const Params* given,
                    const CUDA_KERNEL_NODE_PARAMS& params) noexcept {
  if (mode() == Mode::Apply)
    return apply_to_node<A>(
        [&](dispatch::Graphs& graphs, const auto& call) noexcept {
          return given != nullptr ? graphs.set_kernel(exec, node, params, call)
                                  : graphs.ask(exec, node, call);
        },
        exec, node, given);
  return observe<A>(
      [&](Recorder& recorder, CUresult result, std::uint64_t) noexcept {
        if (result == CUDA_SUCCESS) recorder.graphs.kernel_node_set(exec, node, params);
      },
      exec, node, given);
}

/// A node of another kind, or of whichever kind `params` says.
CUresult apply_node_params(dispatch::Graphs& graphs, CUgraphExec exec, CUgraphNode node,
                           const CUgraphNodeParams* params,
                           const dispatch::Graphs::NodeCall& call) noexcept {
  if (params != nullptr && params->type == CU_GRAPH_NODE_TYPE_GRAPH)
    return graphs.set_child(exec, node, call);
  if (params == nullptr || params->type != CU_GRAPH_NODE_TYPE_KERNEL)
    return graphs.set_other(exec, node, call);
  static_assert(sizeof(CUDA_KERNEL_NODE_PARAMS) == sizeof(CUDA_KERNEL_NODE_PARAMS_v3));
  CUDA_KERNEL_NODE_PARAMS kernel;
  __builtin_memcpy(&kernel, &params->kernel, sizeof kernel);
  return graphs.set_kernel(exec, node, kernel, call);
}

template <Api A, class... Args>
CUresult set_other(CUgraphExec exec, CUgraphNode node, Args... args) noexcept {
  if (mode() == Mode::Apply)
    return apply_to_node<A>(
        [&](dispatch::Graphs& graphs, const auto& call) noexcept {
          return graphs.set_other(exec, node, call);
        },
        exec, node, args...);
  return observe_call<A>([](Recorder&) noexcept {}, exec, node, args...);
}

template <Api A, class... Args>
CUresult add_node(CUgraphNode* node, CUgraphNodeParams* params, Args... args) noexcept {
  return observe<A>(
      [&](Recorder& recorder, CUresult result, std::uint64_t) noexcept {
        if (result == CUDA_SUCCESS && node != nullptr && params != nullptr &&
            params->type == CU_GRAPH_NODE_TYPE_CONDITIONAL)
          recorder.graphs.conditional_added(*node, params->conditional);
      },
      node, args..., params);
}

}  // namespace

CUresult hook_cuGraphInstantiate(CUgraphExec* exec, CUgraph graph, CUgraphNode* error, char* log,
                                 std::size_t bytes) {
  return instantiate<Api::cuGraphInstantiate>({error, log, bytes, nullptr}, exec, graph, 0, error,
                                              log, bytes);
}

CUresult hook_cuGraphInstantiate_v2(CUgraphExec* exec, CUgraph graph, CUgraphNode* error, char* log,
                                    std::size_t bytes) {
  return instantiate<Api::cuGraphInstantiate_v2>({error, log, bytes, nullptr}, exec, graph, 0,
                                                 error, log, bytes);
}

CUresult hook_cuGraphInstantiateWithFlags(CUgraphExec* exec, CUgraph graph,
                                          unsigned long long flags) {
  return instantiate<Api::cuGraphInstantiateWithFlags>({}, exec, graph, flags, flags);
}

CUresult hook_cuGraphInstantiateWithParams(CUgraphExec* exec, CUgraph graph,
                                           CUDA_GRAPH_INSTANTIATE_PARAMS* params) {
  return instantiate_with_params<Api::cuGraphInstantiateWithParams>(exec, graph, params);
}

CUresult hook_cuGraphInstantiateWithParams_ptsz(CUgraphExec* exec, CUgraph graph,
                                                CUDA_GRAPH_INSTANTIATE_PARAMS* params) {
  return instantiate_with_params<Api::cuGraphInstantiateWithParams_ptsz>(exec, graph, params);
}

CUresult hook_cuGraphExecUpdate(CUgraphExec exec, CUgraph graph, CUgraphNode* error,
                                CUgraphExecUpdateResult* outcome) {
  return update<Api::cuGraphExecUpdate>({error, outcome, nullptr}, exec, graph, error, outcome);
}

CUresult hook_cuGraphExecUpdate_v2(CUgraphExec exec, CUgraph graph,
                                   CUgraphExecUpdateResultInfo* info) {
  return update<Api::cuGraphExecUpdate_v2>({nullptr, nullptr, info}, exec, graph, info);
}

CUresult hook_cuGraphExecDestroy(CUgraphExec exec) {
  if (mode() == Mode::Apply)
    return in_graphs<Api::cuGraphExecDestroy>(
        [&](dispatch::Graphs& graphs, auto function) noexcept {
          return graphs.destroy(exec, [&]() noexcept { return function(exec); });
        },
        exec);
  return around<Api::cuGraphExecDestroy>(
      [&](Recorder& recorder) noexcept { recorder.graphs.destroying(exec); },
      [&](Recorder& recorder, CUresult result, std::uint64_t begin) noexcept {
        recorder.calls.call<Api::cuGraphExecDestroy>(result, begin, exec);
      },
      exec);
}

CUresult hook_cuGraphExecKernelNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                             const CUDA_KERNEL_NODE_PARAMS_v1* params) {
  return set_kernel<Api::cuGraphExecKernelNodeSetParams>(
      exec, node, params, params != nullptr ? as_current(*params) : CUDA_KERNEL_NODE_PARAMS{});
}

CUresult hook_cuGraphExecKernelNodeSetParams_v2(CUgraphExec exec, CUgraphNode node,
                                                const CUDA_KERNEL_NODE_PARAMS* params) {
  return set_kernel<Api::cuGraphExecKernelNodeSetParams_v2>(
      exec, node, params, params != nullptr ? *params : CUDA_KERNEL_NODE_PARAMS{});
}

CUresult hook_cuGraphExecNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                       CUgraphNodeParams* params) {
  if (mode() == Mode::Apply)
    return apply_to_node<Api::cuGraphExecNodeSetParams>(
        [&](dispatch::Graphs& graphs, const auto& call) noexcept {
          return apply_node_params(graphs, exec, node, params, call);
        },
        exec, node, params);
  return observe<Api::cuGraphExecNodeSetParams>(
      [&](Recorder& recorder, CUresult result, std::uint64_t) noexcept {
        if (result == CUDA_SUCCESS) recorder.graphs.node_set(exec, node, *params);
      },
      exec, node, params);
}

CUresult hook_cuGraphExecChildGraphNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                                 CUgraph child) {
  if (mode() == Mode::Apply)
    return apply_to_node<Api::cuGraphExecChildGraphNodeSetParams>(
        [&](dispatch::Graphs& graphs, const auto& call) noexcept {
          return graphs.set_child(exec, node, call);
        },
        exec, node, child);
  return observe<Api::cuGraphExecChildGraphNodeSetParams>(
      [&](Recorder& recorder, CUresult result, std::uint64_t) noexcept {
        if (result == CUDA_SUCCESS) recorder.graphs.child_set(exec, node, child);
      },
      exec, node, child);
}

CUresult hook_cuGraphExecBatchMemOpNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                                 const CUDA_BATCH_MEM_OP_NODE_PARAMS* params) {
  return set_other<Api::cuGraphExecBatchMemOpNodeSetParams>(exec, node, params);
}

CUresult hook_cuGraphExecEventRecordNodeSetEvent(CUgraphExec exec, CUgraphNode node,
                                                 CUevent event) {
  return set_other<Api::cuGraphExecEventRecordNodeSetEvent>(exec, node, event);
}

CUresult hook_cuGraphExecEventWaitNodeSetEvent(CUgraphExec exec, CUgraphNode node, CUevent event) {
  return set_other<Api::cuGraphExecEventWaitNodeSetEvent>(exec, node, event);
}

CUresult hook_cuGraphExecExternalSemaphoresSignalNodeSetParams(
    CUgraphExec exec, CUgraphNode node, const CUDA_EXT_SEM_SIGNAL_NODE_PARAMS* params) {
  return set_other<Api::cuGraphExecExternalSemaphoresSignalNodeSetParams>(exec, node, params);
}

CUresult hook_cuGraphExecExternalSemaphoresWaitNodeSetParams(
    CUgraphExec exec, CUgraphNode node, const CUDA_EXT_SEM_WAIT_NODE_PARAMS* params) {
  return set_other<Api::cuGraphExecExternalSemaphoresWaitNodeSetParams>(exec, node, params);
}

CUresult hook_cuGraphExecHostNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                           const CUDA_HOST_NODE_PARAMS* params) {
  return set_other<Api::cuGraphExecHostNodeSetParams>(exec, node, params);
}

CUresult hook_cuGraphExecMemcpyNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                             const CUDA_MEMCPY3D* params, CUcontext context) {
  return set_other<Api::cuGraphExecMemcpyNodeSetParams>(exec, node, params, context);
}

CUresult hook_cuGraphExecMemsetNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                             const CUDA_MEMSET_NODE_PARAMS* params,
                                             CUcontext context) {
  return set_other<Api::cuGraphExecMemsetNodeSetParams>(exec, node, params, context);
}

CUresult hook_cuGraphNodeSetEnabled(CUgraphExec exec, CUgraphNode node, unsigned int enabled) {
  return set_other<Api::cuGraphNodeSetEnabled>(exec, node, enabled);
}

CUresult hook_cuGraphNodeGetEnabled(CUgraphExec exec, CUgraphNode node, unsigned int* enabled) {
  if (mode() == Mode::Apply)
    return apply_to_node<Api::cuGraphNodeGetEnabled>(
        [&](dispatch::Graphs& graphs, const auto& call) noexcept {
          return graphs.ask(exec, node, call);
        },
        exec, node, enabled);
  const auto function = real_entry<Api::cuGraphNodeGetEnabled>();
  return function != nullptr ? function(exec, node, enabled) : kNoDriver;
}

CUresult hook_cuGraphAddNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                             std::size_t count, CUgraphNodeParams* params) {
  return add_node<Api::cuGraphAddNode>(node, params, graph, dependencies, count);
}

CUresult hook_cuGraphAddNode_v2(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                                const CUgraphEdgeData* edges, std::size_t count,
                                CUgraphNodeParams* params) {
  return add_node<Api::cuGraphAddNode_v2>(node, params, graph, dependencies, edges, count);
}

}  // namespace fib::shim
