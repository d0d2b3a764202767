// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>
#include <vector>

#include "launches/facts.h"
#include "trace/records.h"

namespace fib::launches {

/// Works out which kernels the graph launches of a process executed. Collects definitions, updates
/// and launches in whatever order the log has them; settle() puts them in order of time.
/// Costs 8 bytes a launch; revisions that leave the kernel nodes alike share one table.
class GraphLedger {
 public:
  void define(const trace::Graph& graph);
  void update(const trace::GraphUpdate& update);
  /// A successful cuGraphNodeSetEnabled.
  void set_enabled(std::uint64_t ticks, std::uint64_t exec_handle, std::uint64_t node,
                   bool enabled);
  /// A graph launch that the driver accepted.
  void launch(std::uint32_t exec, std::uint64_t ticks);

  struct Execution {
    std::uint32_t kernel;
    LaunchShape shape;
    std::uint64_t count;
    bool uncountable;  ///< under a conditional node: `count` says how often the graph was launched
  };
  struct Settled {
    std::vector<GraphFacts> graphs;       ///< by exec
    std::vector<Execution> executions;    ///< one per kernel, shape and countability
    std::uint64_t unseen_launches = 0;    ///< of graphs that were never defined
    std::uint64_t unmatched_updates = 0;  ///< of nodes or graphs that were never defined
  };
  [[nodiscard]] Settled settle();

 private:
  static constexpr std::uint32_t kNotAKernel = 0xffffffff;
  struct NodeState {
    std::uint32_t kernel;  ///< kNotAKernel for other nodes
    std::uint32_t shape;   ///< index into shapes_
    bool uncountable;
    bool operator==(const NodeState&) const = default;
  };
  using Nodes = std::vector<NodeState>;  ///< in the order of the graph's nodes
  struct NodesHash {
    std::size_t operator()(const Nodes& nodes) const noexcept;
  };

  /// One change of an executable graph: a new table, a node's new parameters, or its switch.
  struct Change {
    std::uint64_t ticks;
    const Nodes* table;  ///< whole-graph change; otherwise null and `node` says which
    std::uint64_t node;  ///< handle in the graph that was instantiated
    NodeState state;     ///< new parameters; kernel == kNotAKernel: only `enabled` changes
    bool enabled;
  };
  struct Exec {
    std::uint64_t handle = 0, defined_ticks = 0;
    std::uint32_t base_revision = kNotAKernel;
    std::vector<std::uint64_t> node_handles;  ///< of the base revision, which updates refer to
    const Nodes* base = nullptr;
    GraphFacts facts;
    std::vector<Change> changes;
    std::vector<std::uint64_t> launches;
  };
  struct Switch {
    std::uint64_t ticks, exec_handle, node;
    bool enabled;
  };
  class Sweep;

  [[nodiscard]] NodeState state_of(const trace::Node& node);
  [[nodiscard]] const Nodes* intern(const trace::Graph& graph);
  void rebase(Exec& exec, const trace::Graph& graph, const Nodes* table);
  void place_switches(Settled& settled);

  std::map<std::uint32_t, Exec> execs_;
  std::vector<Switch> switches_;
  std::unordered_map<Nodes, char, NodesHash>
      tables_;  ///< keys don't move, so pointers to them hold
  std::unordered_map<LaunchShape, std::uint32_t, LaunchShapeHash> shape_ids_;
  std::vector<LaunchShape> shapes_;
};

}  // namespace fib::launches
