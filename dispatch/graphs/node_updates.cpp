// SPDX-License-Identifier: Apache-2.0
//
// Graph executables, node by node. The engine names nodes of its own graph; what it instantiated is
// our clone.
#include "dispatch/graphs/graphs.h"

namespace fib::dispatch {

/// The driver must find wrong what it would have found wrong: nodes that it does not know, or no
/// more, are passed on.
CUgraphNode Graphs::twin_of(const ExecState& state, CUgraphNode node) const noexcept {
  const std::size_t place = state.base.place_of(node);
  if (place == state.base.pairs().size()) return node;
  CUgraphNodeType type{};
  const CUresult rc = api_.cuGraphNodeGetType(node, &type);
  const bool is_gone = rc == CUDA_ERROR_INVALID_VALUE || rc == CUDA_ERROR_INVALID_HANDLE;
  return is_gone ? node : state.base.pairs()[place].twin;
}

/// What to write back for a node is known by nodes, or by the graph of the last update, but not by
/// both.
void Graphs::retire_updated_as_a_whole(CUgraphExec exec, ExecState& state) noexcept {
  if (state.form != ExecState::Form::Whole) return;
  if (!state.current.nodes.empty()) redirector_.say_once(GraphTrouble::BothWays);
  retire(exec, state);
}

CUresult Graphs::set_kernel(CUgraphExec exec, CUgraphNode node,
                            const CUDA_KERNEL_NODE_PARAMS& params, const NodeCall& call) noexcept {
  const ExecPtr state = execs_.find(exec);
  if (state == nullptr) return call(node);
  const std::lock_guard lock(state->mutex);
  retire_updated_as_a_whole(exec, *state);
  const CUgraphNode twin = twin_of(*state, node);
  // First as the engine wants it: its result is the driver's answer to that.
  const CUresult result = call(twin);
  if (result == CUDA_SUCCESS && twin != node && state->form == ExecState::Form::Nodes)
    redirect_update(exec, *state, static_cast<std::uint32_t>(state->base.place_of(node)), params,
                    call);
  return result;
}

/// The executable runs what the engine wrote, and may be given a candidate.
void Graphs::redirect_update(CUgraphExec exec, ExecState& state, std::uint32_t place,
                             const CUDA_KERNEL_NODE_PARAMS& params, const NodeCall& call) noexcept
    try {
  std::erase_if(state.current.nodes,
                [&](const RedirectedNode& node) { return node.place == place; });
  const GraphClone::Pair& pair = state.base.pairs()[place];
  CUDA_KERNEL_NODE_PARAMS as_cloned{};
  if (!is_on() || api_.cuGraphKernelNodeGetParams_v2(pair.twin, &as_cloned) != CUDA_SUCCESS) return;
  const CUcontext context = redirector_.context_of(as_cloned);
  const ContextScope current(api_, context);
  NodeAttributes attributes;
  NodeDecision decision;
  const std::uint64_t now = dispatcher_.changes().load(std::memory_order_acquire);
  const ReadSection section;
  if (context == nullptr || !current.ok() || !attributes.read(api_, pair.twin, pair.is_dependent) ||
      !redirector_.decide(call_of(params, attributes), attributes, false, decision))
    return;
  RedirectedNode node{pair.twin,   place,
                      context,     NodeParams(params, decision.prepared.view),
                      attributes,  cooperation_of(attributes),
                      std::nullopt};
  node.original.run_in(context);
  redirector_.note_use(decision, node);
  state.current.nodes.push_back(std::move(node));
  const CUresult rc = api_.cuGraphExecKernelNodeSetParams_v2(exec, pair.twin, &decision.params);
  if (rc == CUDA_SUCCESS) {
    dispatcher_.count_hit(decision.prepared, Place::Graph);
    unsettle(now);
    return;
  }
  redirector_.refused(decision, rc);
  state.current.nodes.pop_back();
  (void)call(pair.twin);
} catch (...) {
  redirector_.say_once(GraphTrouble::NoMemory);
}

CUresult Graphs::set_child(CUgraphExec exec, CUgraphNode node, const NodeCall& call) noexcept {
  const ExecPtr state = execs_.find(exec);
  if (state == nullptr) return call(node);
  const std::lock_guard lock(state->mutex);
  retire_updated_as_a_whole(exec, *state);
  const CUgraphNode twin = twin_of(*state, node);
  const CUresult result = call(twin);
  if (result != CUDA_SUCCESS || twin == node) return result;
  // It came as the engine has it, and stays so.
  const auto place = static_cast<std::uint32_t>(state->base.place_of(node));
  std::erase_if(state->current.nodes, [&](const RedirectedNode& redirected) {
    return state->base.is_below(redirected.place, place);
  });
  return result;
}

CUresult Graphs::set_other(CUgraphExec exec, CUgraphNode node, const NodeCall& call) noexcept {
  const ExecPtr state = execs_.find(exec);
  if (state == nullptr) return call(node);
  const std::lock_guard lock(state->mutex);
  retire_updated_as_a_whole(exec, *state);
  return call(twin_of(*state, node));
}

CUresult Graphs::ask(CUgraphExec exec, CUgraphNode node, const NodeCall& call) noexcept {
  const ExecPtr state = execs_.find(exec);
  if (state == nullptr) return call(node);
  const std::lock_guard lock(state->mutex);
  return call(twin_of(*state, node));
}

}  // namespace fib::dispatch
