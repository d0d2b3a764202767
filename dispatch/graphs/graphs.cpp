// SPDX-License-Identifier: Apache-2.0
//
// Graph executables as a whole: instantiated, updated, destroyed.
#include "dispatch/graphs/graphs.h"

#include <algorithm>
#include <vector>

namespace fib::dispatch {
namespace {

/// What a call of the driver's writes, to be put back when it was made with our graph and failed:
/// the engine must not see nodes of ours, nor errors of calls that it did not make.
class Outputs {
 public:
  explicit Outputs(const Instantiation& call)
      : call_(call), exec_(*call.exec), log_(call.log.begin(), call.log.end()) {
    if (call.error_node != nullptr) error_node_ = *call.error_node;
    if (call.params != nullptr) params_ = *call.params;
  }
  void restore() const noexcept {
    *call_.exec = exec_;
    if (call_.error_node != nullptr) *call_.error_node = error_node_;
    if (call_.params != nullptr) *call_.params = params_;
    std::copy(log_.begin(), log_.end(), call_.log.begin());
  }

 private:
  const Instantiation& call_;
  CUgraphExec exec_;
  CUgraphNode error_node_ = nullptr;
  CUDA_GRAPH_INSTANTIATE_PARAMS params_{};
  std::vector<char> log_;
};

class UpdateOutputs {
 public:
  explicit UpdateOutputs(const ExecUpdate& call) noexcept : call_(call) {
    if (call.error_node != nullptr) error_node_ = *call.error_node;
    if (call.result != nullptr) result_ = *call.result;
    if (call.info != nullptr) info_ = *call.info;
  }
  void restore() const noexcept {
    if (call_.error_node != nullptr) *call_.error_node = error_node_;
    if (call_.result != nullptr) *call_.result = result_;
    if (call_.info != nullptr) *call_.info = info_;
  }

 private:
  const ExecUpdate& call_;
  CUgraphNode error_node_ = nullptr;
  CUgraphExecUpdateResult result_{};
  CUgraphExecUpdateResultInfo info_{};
};

}  // namespace

void Graphs::count_hits(const RedirectedGraph& graph) noexcept {
  for (const RedirectedNode& node : graph.nodes)
    dispatcher_.counters().count_hit(*node.kernel, *node.candidate, true);
}

bool Graphs::keep(CUgraphExec exec, ExecPtr state) noexcept {
  const std::uint64_t seen = state->seen;
  if (!execs_.set(exec, std::move(state))) return false;
  unsettle(seen);
  return true;
}

/// An executable was added or changed: sweep() may have missed it, and looks at the count again.
void Graphs::unsettle(std::uint64_t seen) noexcept {
  arrivals_.fetch_add(1);
  if (settled_.load() != seen) settled_.store(kNever);
}

CUresult Graphs::instantiate(const Instantiation& call) noexcept {
  // Kernels may launch such a graph without our seeing it.
  const bool from_device = (call.flags & CUDA_GRAPH_INSTANTIATE_FLAG_DEVICE_LAUNCH) != 0;
  if (is_on() && call.exec != nullptr && !from_device && instantiate_redirected(call))
    return CUDA_SUCCESS;
  const CUresult result = call.call(call.graph);
  // The handle may have been another one's, which ended with its context.
  if (result == CUDA_SUCCESS) (void)execs_.take(*call.exec);
  return result;
}

bool Graphs::instantiate_redirected(const Instantiation& call) noexcept try {
  const auto state = std::make_shared<ExecState>();
  state->seen = dispatcher_.changes().load(std::memory_order_acquire);
  RedirectedGraph& made = state->current;
  if (!redirector_.redirect(call.graph, true, made)) return false;
  state->base = std::move(made.clone);
  const Outputs outputs(call);
  if (const CUresult rc = call.call(state->base.graph()); rc != CUDA_SUCCESS) {
    redirector_.say_once(GraphTrouble::NotInstantiated, rc);
    GraphRedirector::count_left_alone(made);
    outputs.restore();
    return false;
  }
  const bool is_sound = !made.adds_attributes() || prove_reversible(*call.exec, call.graph, *state);
  if (!is_sound || !keep(*call.exec, state)) {
    GraphRedirector::count_left_alone(made);
    (void)api_.cuGraphExecDestroy(*call.exec);
    outputs.restore();
    return false;
  }
  count_hits(made);
  return true;
} catch (...) {
  redirector_.say_once(GraphTrouble::NoMemory);
  return false;
}

/// Clusters and cooperation are attributes, which updates of single nodes can't change. So the way
/// back is an update as a whole, which the driver need not grant: it is tried before it is needed.
bool Graphs::prove_reversible(CUgraphExec exec, CUgraph engines, ExecState& state) noexcept {
  state.form = ExecState::Form::Whole;
  CUresult rc = apply(exec, engines);
  if (rc == CUDA_SUCCESS) rc = apply(exec, state.base.graph());
  if (rc != CUDA_SUCCESS) redirector_.attributes_stick(rc);
  return rc == CUDA_SUCCESS;
}

CUresult Graphs::update(const ExecUpdate& call) noexcept {
  const ExecPtr known = execs_.find(call.exec);
  if (known == nullptr && !is_on()) return call.call(call.graph);
  CUresult refused = CUDA_SUCCESS;
  if (is_on() && update_redirected(call, known, refused)) return CUDA_SUCCESS;
  const CUresult result = known != nullptr ? update_known(call, known) : call.call(call.graph);
  // An update that fails as the engine made it, too, is the engine's affair.
  if (result == CUDA_SUCCESS && refused != CUDA_SUCCESS)
    redirector_.say_once(GraphTrouble::NotUpdated, refused);
  return result;
}

CUresult Graphs::update_known(const ExecUpdate& call, const ExecPtr& known) noexcept {
  const std::lock_guard lock(known->mutex);
  CUresult result = call.call(call.graph);
  // It may be our attributes that the driver does not want to change.
  if (result != CUDA_SUCCESS && known->current.adds_attributes() && take_back(call.exec, *known))
    result = call.call(call.graph);
  if (result != CUDA_SUCCESS) return result;
  known->current = {};
  known->is_behind = false;
  if (known->form != ExecState::Form::Retired) known->form = ExecState::Form::Whole;
  return result;
}

bool Graphs::update_redirected(const ExecUpdate& call, const ExecPtr& known,
                               CUresult& refused) noexcept try {
  const ExecPtr state = known != nullptr ? known : std::make_shared<ExecState>();
  const std::lock_guard lock(state->mutex);
  if (state->form == ExecState::Form::Retired) return false;
  const std::uint64_t now = dispatcher_.changes().load(std::memory_order_acquire);
  RedirectedGraph next;
  if (!redirector_.redirect(call.graph, false, next)) return false;
  // Known before the driver's call, since there is no undoing it.
  if (known == nullptr && !keep(call.exec, state)) return false;
  const UpdateOutputs outputs(call);
  if (refused = call.call(next.clone.graph()); refused != CUDA_SUCCESS) {
    GraphRedirector::count_left_alone(next);
    outputs.restore();
    if (known == nullptr) (void)execs_.take(call.exec);
    return false;
  }
  state->current = std::move(next);
  state->form = ExecState::Form::Whole;
  state->is_behind = false;
  state->seen = now;
  unsettle(now);
  count_hits(state->current);
  return true;
} catch (...) {
  redirector_.say_once(GraphTrouble::NoMemory);
  return false;
}

CUresult Graphs::destroy(CUgraphExec exec, const Original& call) noexcept {
  // Before the driver's call: the handle may be given out again at once.
  ExecPtr state = execs_.take(exec);
  const CUresult result = call();
  if (result != CUDA_SUCCESS && state != nullptr) (void)execs_.set(exec, std::move(state));
  return result;
}

}  // namespace fib::dispatch
