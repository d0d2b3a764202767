// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <unordered_map>
#include <vector>

#include "recorder/graph_snapshot.h"
#include "recorder/handle_table.h"

namespace fib::recorder {

/// An executable graph. Immutable but for what the mutex of Graphs guards.
struct ExecInfo {
  std::uint32_t id = 0;  ///< GraphRecord::exec
  std::uint32_t revision = 0;
  /// Handles and parents of the graph it was instantiated from: later updates name nodes by them.
  struct Place {
    std::uint64_t handle;
    std::uint32_t parent;
  };
  std::vector<Place> places;
  /// What may be addresses in the parameters of its nodes, sorted; those of earlier revisions, too.
  std::vector<std::uint64_t> words;
  trace::EffectReason effect = trace::EffectReason::None;  ///< of any of its nodes
};

/// Executable graphs: described when they are instantiated or updated, so that a graph launch need
/// only say which one ran. Thread-safe; never throws; all but find() are cold paths.
class Graphs {
 public:
  Graphs(Session& session, Kernels& kernels, const driver::DriverApi& api) noexcept
      : session_(session), kernels_(kernels), api_(api) {}

  /// Hot path: the number for GraphLaunch records, 0 if the instantiation was not seen.
  [[nodiscard]] std::uint32_t id_of(CUgraphExec exec) const noexcept {
    const ExecInfo* info = execs_.find(exec);
    return info != nullptr ? info->id : 0;
  }

  /// use(info) for what is known of `exec`, while it can't change.
  template <class Use>
  void look(CUgraphExec exec, Use&& use) noexcept {
    const std::lock_guard lock(mutex_);
    if (const ExecInfo* info = execs_.find(exec); info != nullptr) use(*info);
  }

  // After the driver's success ...
  void instantiated(CUgraphExec exec, CUgraph graph, std::uint64_t flags) noexcept;
  void updated(CUgraphExec exec, CUgraph graph) noexcept;
  void kernel_node_set(CUgraphExec exec, CUgraphNode node,
                       const CUDA_KERNEL_NODE_PARAMS& params) noexcept;
  void node_set(CUgraphExec exec, CUgraphNode node, const CUgraphNodeParams& params) noexcept;
  void child_set(CUgraphExec exec, CUgraphNode node, CUgraph child) noexcept;
  void conditional_added(CUgraphNode node, const CUDA_CONDITIONAL_NODE_PARAMS& params) noexcept;
  // ... and before it destroys, since the handle may be reused at once.
  void destroying(CUgraphExec exec) noexcept;

 private:
  [[nodiscard]] GraphReader reader();
  void define(CUgraphExec exec, CUgraph graph, std::uint64_t flags, GraphSnapshot& snapshot,
              std::uint64_t time);
  void define_update(CUgraphExec exec, const SnapshotNode& node, std::uint64_t time);
  [[nodiscard]] std::vector<ExecInfo::Place> descendants(CUgraphExec exec, CUgraphNode node);
  void out_of_memory() noexcept;

  Session& session_;
  Kernels& kernels_;
  const driver::DriverApi& api_;
  HandleTable<ExecInfo> execs_;
  std::mutex mutex_;  ///< writing to execs_, and everything below
  std::uint32_t next_exec_ = 1;
  std::unordered_map<CUgraphNode, std::vector<CUgraph>> bodies_;  ///< of conditional nodes
};

}  // namespace fib::recorder
