// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <optional>
#include <vector>

#include "dispatch/dispatcher.h"
#include "dispatch/graphs/graph_clone.h"
#include "dispatch/graphs/node_launch.h"

namespace fib::dispatch {

/// A kernel node of a graph executable that a candidate runs in, or ran in: what the engine wrote,
/// so that it can be written back or decided anew.
struct RedirectedNode {
  CUgraphNode node;     ///< of our clone
  std::uint32_t place;  ///< in the clone's pairs
  CUcontext context;    ///< that it runs in
  NodeParams original;
  NodeAttributes attributes;        ///< as the engine's node has them
  Cooperation in_effect;            ///< what our node has
  std::optional<CandidateUse> use;  ///< nothing: the original runs
  trace::KernelCounters* kernel = nullptr;
  trace::CandidateCounters* candidate = nullptr;
};

/// A clone of an engine's graph, and its nodes that run candidates.
struct RedirectedGraph {
  GraphClone clone;
  std::vector<RedirectedNode> nodes;

  /// Whether a candidate has attributes that the engine's node has not.
  [[nodiscard]] bool adds_attributes() const noexcept;
};

/// What was decided for one kernel node. Large; a caller has one on its stack, in a ReadSection.
struct NodeDecision {
  PreparedLaunch prepared;
  CUDA_KERNEL_NODE_PARAMS params;  ///< of the candidate
  Cooperation cooperation;         ///< of the candidate
};

/// Why a graph stays as it is; each is said once.
enum class GraphTrouble : std::uint8_t {
  Unreadable,
  NotCloned,
  DeviceUpdatable,
  ContextUnknown,
  NotInstantiated,
  NotReversible,
  NotUpdated,
  NotTakenBack,
  Stuck,
  BothWays,
  Captured,
  NoMemory,
  Count
};

/// Decides about the kernel nodes of graphs, and writes into clones. Any thread. Functions throw
/// std::bad_alloc only.
class GraphRedirector {
 public:
  explicit GraphRedirector(Dispatcher& dispatcher) noexcept
      : dispatcher_(dispatcher), api_(dispatcher.api()) {}

  /// Clones the graph if a candidate is for any of its nodes, and writes candidates into the clone.
  /// False: there is none, or it can't be done (counted and said). `may_add`: also candidates that
  /// need attributes that their node does not have.
  [[nodiscard]] bool redirect(CUgraph graph, bool may_add, RedirectedGraph& result);

  /// True: a candidate, with all that its node needs. Else it has been counted why not. The node's
  /// context is current. Within a ReadSection.
  [[nodiscard]] bool decide(const driver::LaunchCall& call, const NodeAttributes& attributes,
                            bool may_add, NodeDecision& decision) noexcept;
  /// After the driver refused the candidate's parameters.
  void refused(const NodeDecision& decision, CUresult error) noexcept;
  /// `node` runs what `decision` says.
  void note_use(const NodeDecision& decision, RedirectedNode& node) const;

  /// Into the clone's node, not into an executable.
  [[nodiscard]] CUresult write(RedirectedNode& node, const NodeDecision& decision) noexcept;
  [[nodiscard]] CUresult write_original(RedirectedNode& node) noexcept;

  /// Of a kernel node: its own, or the only one there is. Null: it is not known.
  [[nodiscard]] CUcontext context_of(const CUDA_KERNEL_NODE_PARAMS& params) const;
  /// The driver did not take back attributes that were added: none are from now on.
  void attributes_stick(CUresult error) noexcept;

  /// One line on stderr, the first time.
  void say_once(GraphTrouble trouble, CUresult error = CUDA_SUCCESS) noexcept;
  /// A node that a candidate could have, and that stays the engine's.
  static void count_left_alone(const RedirectedGraph& graph) noexcept;

 private:
  struct Reading;

  [[nodiscard]] bool consider(Reading& reading, std::uint32_t place, RedirectedGraph& result);
  [[nodiscard]] bool clone(Reading& reading, RedirectedGraph& result);
  [[nodiscard]] bool place_candidate(const CUDA_KERNEL_NODE_PARAMS& params, std::uint32_t place,
                                     const NodeAttributes& attributes, CUcontext context,
                                     const NodeDecision& decision, RedirectedGraph& result);
  [[nodiscard]] bool can_be_taken_off(const RedirectedNode& node) noexcept;

  Dispatcher& dispatcher_;
  const driver::DriverApi& api_;
  std::atomic<bool> attributes_stick_{false};
  std::array<std::atomic<bool>, static_cast<std::size_t>(GraphTrouble::Count)> said_{};
};

}  // namespace fib::dispatch
