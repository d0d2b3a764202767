// SPDX-License-Identifier: Apache-2.0
//
// Graph executables after something changed: demotions, the switch, a new generation. Each is
// brought up to date by the thread that launches it, since nobody else may touch it.
#include "dispatch/graphs/graphs.h"
#include "driver/scopes.h"

namespace fib::dispatch {

void Graphs::settle(CUgraphExec exec) noexcept {
  const std::uint64_t now = dispatcher_.changes().load(std::memory_order_acquire);
  bool changed = false;
  if (const ExecPtr state = execs_.find(exec); state != nullptr) {
    const std::lock_guard lock(state->mutex);
    if (state->seen != now) {
      changed = bring_up_to_date(exec, *state);
      if (changed) state->seen = now;
    }
  }
  if (changed || swept_.load(std::memory_order_relaxed) != now) sweep(now);
}

/// Finds out whether any executable still has to be changed at its next launch; most never had.
void Graphs::sweep(std::uint64_t now) noexcept {
  const std::uint64_t arrivals = arrivals_.load();
  const ReadSection section;
  const bool all = execs_.all_of([&](ExecState& state) {
    const std::unique_lock lock(state.mutex, std::try_to_lock);
    if (!lock.owns_lock()) return false;
    if (state.seen != now && is_as_it_should_be(state)) state.seen = now;
    return state.seen == now;
  });
  swept_.store(now, std::memory_order_relaxed);
  if (!all) return;
  settled_.store(now);
  if (arrivals_.load() != arrivals) settled_.store(kNever);
}

bool Graphs::is_as_it_should_be(const ExecState& state) const noexcept {
  if (state.is_behind) return false;
  for (const RedirectedNode& node : state.current.nodes)
    if (!node.use || !dispatcher_.allows(*node.use)) return false;
  return true;
}

bool Graphs::bring_up_to_date(CUgraphExec exec, ExecState& state) noexcept try {
  const driver::RelaxedCapture relaxed(api_);
  switch (state.form) {
    case ExecState::Form::Nodes: return renew_nodes(exec, state);
    case ExecState::Form::Whole: return renew_whole(exec, state);
    case ExecState::Form::Retired: break;
  }
  return true;
} catch (...) {
  redirector_.say_once(GraphTrouble::NoMemory);
  return false;
}

/// Decides about one node anew, unless what it runs may go on. `write` writes the candidate, or the
/// original for null. False: the driver did not take the original.
bool Graphs::renew_one(RedirectedNode& node, bool may_add, bool& changed, const Write& write) {
  const ContextScope current(api_, node.context);
  NodeDecision decision;
  const ReadSection section;
  if (node.use && dispatcher_.allows(*node.use)) return true;
  if (is_on() && current.ok() &&
      redirector_.decide(call_of(node.original.get(), node.attributes), node.attributes, may_add,
                         decision)) {
    const CUresult rc = write(&decision);
    changed = true;
    if (rc == CUDA_SUCCESS) {
      redirector_.note_use(decision, node);
      dispatcher_.count_hit(decision.prepared, Place::Graph);
      return true;
    }
    redirector_.refused(decision, rc);
  } else if (!node.use) {
    return true;
  }
  changed = true;
  if (const CUresult rc = write(nullptr); rc != CUDA_SUCCESS) {
    redirector_.say_once(GraphTrouble::NotTakenBack, rc);
    return false;
  }
  node.use.reset();
  return true;
}

bool Graphs::renew_nodes(CUgraphExec exec, ExecState& state) {
  bool all = true, changed = false;
  for (RedirectedNode& node : state.current.nodes)
    all &= renew_one(node, false, changed, [&](const NodeDecision* decision) noexcept {
      return api_.cuGraphExecKernelNodeSetParams_v2(
          exec, node.node, decision != nullptr ? &decision->params : &node.original.get());
    });
  return all;
}

bool Graphs::renew_whole(CUgraphExec exec, ExecState& state) {
  bool all = true, changed = state.is_behind;
  const bool may_add = !state.current.clone;  // not updated since it was tried
  for (RedirectedNode& node : state.current.nodes)
    all &= renew_one(node, may_add, changed, [&](const NodeDecision* decision) noexcept {
      return decision != nullptr ? redirector_.write(node, *decision)
                                 : redirector_.write_original(node);
    });
  if (!changed) return true;
  state.is_behind = true;
  if (all && apply(exec, state.graph()) == CUDA_SUCCESS) {
    state.is_behind = false;
    return true;
  }
  return take_back(exec, state);
}

CUresult Graphs::apply(CUgraphExec exec, CUgraph graph) noexcept {
  if (api_.cuGraphExecUpdate_v2 == nullptr) return CUDA_ERROR_NOT_SUPPORTED;
  CUgraphExecUpdateResultInfo info{};
  return api_.cuGraphExecUpdate_v2(exec, graph, &info);
}

CUresult Graphs::write_originals(CUgraphExec exec, ExecState& state) noexcept {
  CUresult result = CUDA_SUCCESS;
  const bool by_nodes = state.form == ExecState::Form::Nodes;
  for (RedirectedNode& node : state.current.nodes) {
    const ContextScope current(api_, node.context);
    const CUresult rc =
        by_nodes ? api_.cuGraphExecKernelNodeSetParams_v2(exec, node.node, &node.original.get())
                 : redirector_.write_original(node);
    if (rc != CUDA_SUCCESS) result = rc;
    if (rc == CUDA_SUCCESS) node.use.reset();
  }
  return result;
}

/// To the engine's own kernels, until they are decided anew.
bool Graphs::take_back(CUgraphExec exec, ExecState& state) noexcept {
  const driver::RelaxedCapture relaxed(api_);
  CUresult rc = write_originals(exec, state);
  if (rc == CUDA_SUCCESS && state.form == ExecState::Form::Whole) rc = apply(exec, state.graph());
  state.is_behind = state.form == ExecState::Form::Whole && rc != CUDA_SUCCESS;
  if (rc != CUDA_SUCCESS) redirector_.say_once(GraphTrouble::NotTakenBack, rc);
  return rc == CUDA_SUCCESS;
}

/// To the engine's own kernels, for good.
void Graphs::retire(CUgraphExec exec, ExecState& state) noexcept {
  if (!state.current.nodes.empty() && !take_back(exec, state))
    redirector_.say_once(GraphTrouble::Stuck);
  state.form = ExecState::Form::Retired;
  state.current = {};
  state.is_behind = false;
}

/// The capture's graph gets what the executable runs as nodes, which the engine may look at.
void Graphs::capturing(CUgraphExec exec, CUstream stream) noexcept {
  if (dispatcher_.captures().id_of(stream) == 0) return;
  const ExecPtr state = execs_.find(exec);
  if (state == nullptr) return;
  const std::lock_guard lock(state->mutex);
  if (state->current.nodes.empty()) return;
  redirector_.say_once(GraphTrouble::Captured);
  retire(exec, *state);
}

}  // namespace fib::dispatch
