// SPDX-License-Identifier: Apache-2.0
//
// Executable graphs: read back when they are made or changed. Graph building itself is not hooked,
// but for conditional nodes, whose bodies only their creation tells.
#include "shim/hooks/hooks.h"

namespace fib::shim {
namespace {

template <Api A, class... Args>
CUresult instantiate(CUgraphExec* exec, CUgraph graph, std::uint64_t flags, Args... args) noexcept {
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
  return instantiate<A>(exec, graph, flags, params);
}

template <Api A, class... Args>
CUresult update(CUgraphExec exec, CUgraph graph, Args... args) noexcept {
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
  return instantiate<Api::cuGraphInstantiate>(exec, graph, 0, error, log, bytes);
}

CUresult hook_cuGraphInstantiate_v2(CUgraphExec* exec, CUgraph graph, CUgraphNode* error, char* log,
                                    std::size_t bytes) {
  return instantiate<Api::cuGraphInstantiate_v2>(exec, graph, 0, error, log, bytes);
}

CUresult hook_cuGraphInstantiateWithFlags(CUgraphExec* exec, CUgraph graph,
                                          unsigned long long flags) {
  return instantiate<Api::cuGraphInstantiateWithFlags>(exec, graph, flags, flags);
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
  return update<Api::cuGraphExecUpdate>(exec, graph, error, outcome);
}

CUresult hook_cuGraphExecUpdate_v2(CUgraphExec exec, CUgraph graph,
                                   CUgraphExecUpdateResultInfo* info) {
  return update<Api::cuGraphExecUpdate_v2>(exec, graph, info);
}

CUresult hook_cuGraphExecDestroy(CUgraphExec exec) {
  return around<Api::cuGraphExecDestroy>(
      [&](Recorder& recorder) noexcept { recorder.graphs.destroying(exec); },
      [&](Recorder& recorder, CUresult result, std::uint64_t begin) noexcept {
        recorder.calls.call<Api::cuGraphExecDestroy>(result, begin, exec);
      },
      exec);
}

CUresult hook_cuGraphExecKernelNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                             const CUDA_KERNEL_NODE_PARAMS_v1* params) {
  return observe<Api::cuGraphExecKernelNodeSetParams>(
      [&](Recorder& recorder, CUresult result, std::uint64_t) noexcept {
        if (result == CUDA_SUCCESS)
          recorder.graphs.kernel_node_set(exec, node, as_current(*params));
      },
      exec, node, params);
}

CUresult hook_cuGraphExecKernelNodeSetParams_v2(CUgraphExec exec, CUgraphNode node,
                                                const CUDA_KERNEL_NODE_PARAMS* params) {
  return observe<Api::cuGraphExecKernelNodeSetParams_v2>(
      [&](Recorder& recorder, CUresult result, std::uint64_t) noexcept {
        if (result == CUDA_SUCCESS) recorder.graphs.kernel_node_set(exec, node, *params);
      },
      exec, node, params);
}

CUresult hook_cuGraphExecNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                       CUgraphNodeParams* params) {
  return observe<Api::cuGraphExecNodeSetParams>(
      [&](Recorder& recorder, CUresult result, std::uint64_t) noexcept {
        if (result == CUDA_SUCCESS) recorder.graphs.node_set(exec, node, *params);
      },
      exec, node, params);
}

CUresult hook_cuGraphExecChildGraphNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                                 CUgraph child) {
  return observe<Api::cuGraphExecChildGraphNodeSetParams>(
      [&](Recorder& recorder, CUresult result, std::uint64_t) noexcept {
        if (result == CUDA_SUCCESS) recorder.graphs.child_set(exec, node, child);
      },
      exec, node, child);
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
