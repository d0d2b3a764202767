// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dispatch/graphs/graphs.h"
#include "shim/hook.h"

/// Calls about graph executables in Mode::Apply.
namespace fib::shim {

/// apply(graphs, function), but not for a call from within a hook. Not in a ReadSection: Graphs
/// makes its own, around what takes no time.
template <Api A, class Apply, class... Args>
CUresult in_graphs(const Apply& apply, Args... args) noexcept {
  const auto function = real_entry<A>();
  if (function == nullptr) [[unlikely]]
    return kNoDriver;
  const recorder::RecursionGuard guard;
  if (!guard.outermost()) return function(args...);
  return apply(g_runtime.load(std::memory_order_acquire)->graphs, function);
}

/// What an instantiation writes besides the executable.
struct InstantiationOutputs {
  CUgraphNode* error_node = nullptr;
  char* log = nullptr;
  std::size_t log_bytes = 0;
  CUDA_GRAPH_INSTANTIATE_PARAMS* params = nullptr;
};

template <Api A, class... Args>
CUresult apply_instantiate(const InstantiationOutputs& outputs, std::uint64_t flags,
                           CUgraphExec* exec, CUgraph graph, Args... args) noexcept {
  return in_graphs<A>(
      [&](dispatch::Graphs& graphs, auto function) noexcept {
        const auto call = [&](CUgraph other) noexcept { return function(exec, other, args...); };
        const std::span log(outputs.log, outputs.log != nullptr ? outputs.log_bytes : 0);
        return graphs.instantiate(
            {exec, graph, flags, call, outputs.error_node, log, outputs.params});
      },
      exec, graph, args...);
}

/// What an update writes.
struct UpdateOutputs {
  CUgraphNode* error_node = nullptr;
  CUgraphExecUpdateResult* result = nullptr;
  CUgraphExecUpdateResultInfo* info = nullptr;
};

template <Api A, class... Args>
CUresult apply_update(const UpdateOutputs& outputs, CUgraphExec exec, CUgraph graph,
                      Args... args) noexcept {
  return in_graphs<A>(
      [&](dispatch::Graphs& graphs, auto function) noexcept {
        const auto call = [&](CUgraph other) noexcept { return function(exec, other, args...); };
        return graphs.update({exec, graph, call, outputs.error_node, outputs.result, outputs.info});
      },
      exec, graph, args...);
}

/// A call about one node: use(graphs, call), where `call` takes the node to make it with.
template <Api A, class Use, class... Args>
CUresult apply_to_node(const Use& use, CUgraphExec exec, CUgraphNode node, Args... args) noexcept {
  return in_graphs<A>(
      [&](dispatch::Graphs& graphs, auto function) noexcept {
        const auto call = [&](CUgraphNode other) noexcept {
          return function(exec, other, args...);
        };
        return use(graphs, call);
      },
      exec, node, args...);
}

}  // namespace fib::shim
