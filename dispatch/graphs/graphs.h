// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <span>

#include "dispatch/function_ref.h"
#include "dispatch/graphs/exec_table.h"
#include "dispatch/original.h"

namespace fib::dispatch {

/// The engine's cuGraphInstantiate* call.
struct Instantiation {
  CUgraphExec* exec;
  CUgraph graph;
  std::uint64_t flags;
  FunctionRef<CUresult(CUgraph)> call;  ///< as it came, but for the graph
  // What else the driver writes, if the call has it.
  CUgraphNode* error_node = nullptr;
  std::span<char> log{};
  CUDA_GRAPH_INSTANTIATE_PARAMS* params = nullptr;
};

/// The engine's cuGraphExecUpdate* call.
struct ExecUpdate {
  CUgraphExec exec;
  CUgraph graph;
  FunctionRef<CUresult(CUgraph)> call;
  CUgraphNode* error_node = nullptr;
  CUgraphExecUpdateResult* result = nullptr;
  CUgraphExecUpdateResultInfo* info = nullptr;
};

/// Redirection inside graph executables. The engine's graphs are never touched: what is
/// instantiated is a clone with candidates in it, and updates of its nodes are led to the clone's.
/// Every function makes the engine's call and returns its result; if anything of ours fails, the
/// call is made as it came, so that results and what the driver writes are the engine's. Not within
/// a ReadSection. Any thread; one executable is used by one thread at a time, as the driver
/// demands.
class Graphs {
 public:
  using NodeCall = FunctionRef<CUresult(CUgraphNode)>;

  explicit Graphs(Dispatcher& dispatcher) noexcept
      : dispatcher_(dispatcher), api_(dispatcher.api()), redirector_(dispatcher) {}
  Graphs(const Graphs&) = delete;
  Graphs& operator=(const Graphs&) = delete;

  [[nodiscard]] CUresult instantiate(const Instantiation& call) noexcept;
  [[nodiscard]] CUresult update(const ExecUpdate& call) noexcept;
  [[nodiscard]] CUresult destroy(CUgraphExec exec, const Original& call) noexcept;

  /// Updates of one node: `call` with the node that stands for the engine's.
  [[nodiscard]] CUresult set_kernel(CUgraphExec exec, CUgraphNode node,
                                    const CUDA_KERNEL_NODE_PARAMS& params,
                                    const NodeCall& call) noexcept;
  [[nodiscard]] CUresult set_child(CUgraphExec exec, CUgraphNode node,
                                   const NodeCall& call) noexcept;
  /// Of any other kind, and whether it is enabled.
  [[nodiscard]] CUresult set_other(CUgraphExec exec, CUgraphNode node,
                                   const NodeCall& call) noexcept;
  /// Calls that change nothing.
  [[nodiscard]] CUresult ask(CUgraphExec exec, CUgraphNode node, const NodeCall& call) noexcept;

  /// Before a launch: puts demotions, the switch and reloads into effect. Three loads unless
  /// something changed or is being captured.
  void launching(CUgraphExec exec, CUstream stream) noexcept {
    if (execs_.is_empty()) return;
    if (dispatcher_.changes().load(std::memory_order_relaxed) !=
        settled_.load(std::memory_order_relaxed)) [[unlikely]]
      settle(exec);
    if (dispatcher_.captures().any()) [[unlikely]]
      capturing(exec, stream);
  }

  /// Executables that are kept track of.
  [[nodiscard]] std::size_t size() const noexcept { return execs_.size(); }

 private:
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  /// Drivers before CUDA 12 lack calls. The table may be filled in after this was made.
  [[nodiscard]] bool has_calls() const noexcept {
    return api_.cuGraphClone != nullptr && api_.cuKernelGetFunction != nullptr &&
           api_.cuGraphKernelNodeSetParams_v2 != nullptr &&
           api_.cuGraphExecKernelNodeSetParams_v2 != nullptr;
  }
  [[nodiscard]] bool is_on() const noexcept {
    return dispatcher_.is_active() && !dispatcher_.is_shadow_only() && has_calls();
  }
  // Instantiation and updates as a whole (graphs.cpp). True: done, with the driver's success.
  [[nodiscard]] bool instantiate_redirected(const Instantiation& call) noexcept;
  [[nodiscard]] bool keep(CUgraphExec exec, ExecPtr state) noexcept;
  [[nodiscard]] bool prove_reversible(CUgraphExec exec, CUgraph engines, ExecState& state) noexcept;
  void unsettle(std::uint64_t seen) noexcept;
  [[nodiscard]] CUresult update_known(const ExecUpdate& call, const ExecPtr& known) noexcept;
  /// False: nothing changed; `refused` is the driver's answer, if it was asked.
  [[nodiscard]] bool update_redirected(const ExecUpdate& call, const ExecPtr& known,
                                       CUresult& refused) noexcept;
  void count_hits(const RedirectedGraph& graph) noexcept;

  // Updates of nodes (node_updates.cpp), with the state's mutex.
  [[nodiscard]] CUgraphNode twin_of(const ExecState& state, CUgraphNode node) const noexcept;
  void redirect_update(CUgraphExec exec, ExecState& state, std::uint32_t place,
                       const CUDA_KERNEL_NODE_PARAMS& params, const NodeCall& call) noexcept;
  void retire_updated_as_a_whole(CUgraphExec exec, ExecState& state) noexcept;

  // Changes of what is allowed (settling.cpp).
  void settle(CUgraphExec exec) noexcept;
  void sweep(std::uint64_t now) noexcept;
  [[nodiscard]] bool is_as_it_should_be(const ExecState& state) const noexcept;
  [[nodiscard]] bool bring_up_to_date(CUgraphExec exec, ExecState& state) noexcept;
  [[nodiscard]] bool renew_nodes(CUgraphExec exec, ExecState& state);
  [[nodiscard]] bool renew_whole(CUgraphExec exec, ExecState& state);
  using Write = FunctionRef<CUresult(const NodeDecision*)>;
  [[nodiscard]] bool renew_one(RedirectedNode& node, bool may_add, bool& changed,
                               const Write& write);
  [[nodiscard]] CUresult apply(CUgraphExec exec, CUgraph graph) noexcept;
  [[nodiscard]] CUresult write_originals(CUgraphExec exec, ExecState& state) noexcept;
  [[nodiscard]] bool take_back(CUgraphExec exec, ExecState& state) noexcept;
  void retire(CUgraphExec exec, ExecState& state) noexcept;
  void capturing(CUgraphExec exec, CUstream stream) noexcept;

  Dispatcher& dispatcher_;
  const driver::DriverApi& api_;
  GraphRedirector redirector_;
  ExecTable execs_;
  /// Dispatcher::changes() for which all executables are as they should be.
  std::atomic<std::uint64_t> settled_{kNever};
  std::atomic<std::uint64_t> swept_{kNever};  ///< the same, for which all were looked at
  std::atomic<std::uint64_t> arrivals_{0};    ///< executables that were added or changed
};

}  // namespace fib::dispatch
