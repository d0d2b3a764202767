// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "trace/records.h"

/// Executable graphs as they were at a given time.
namespace fib::replayer {

struct GraphNodePlan {
  trace::GraphNode fixed{};
  trace::KernelNode kernel{};
  std::vector<std::byte> params, attributes;
  bool enabled = true;

  [[nodiscard]] bool is_kernel() const { return fixed.type == trace::kKernelNodeType; }
};

/// One state of an executable graph, between two changes.
struct GraphState {
  std::uint32_t exec = 0;
  std::uint64_t serial = 0;  ///< differs for every state of every graph
  std::uint64_t flags = 0;   ///< CUgraphInstantiate_flags
  std::vector<GraphNodePlan> nodes;
  std::vector<trace::GraphEdge> edges;
  /// Indexes of the nodes that do something, children expanded, each after what it depends on;
  /// equal ones in the order of the record. Empty for a graph whose edges make no sense.
  std::vector<std::uint32_t> order;
};

/// A change of one node of an executable graph.
struct NodeChange {
  std::uint64_t time = 0, exec_handle = 0;
  std::uint32_t exec = 0;  ///< 0: `exec_handle` says which
  std::uint64_t node = 0;  ///< handle in the graph that was instantiated
  enum class Kind { Node, Params, Enabled } kind = Kind::Params;
  GraphNodePlan value;  ///< Node: all of it; Params: its params; Enabled: its switch
};

/// Gathers graphs and their changes in any order, then tells states.
class GraphHistory {
 public:
  void add(const trace::Graph& graph);
  void add(const trace::GraphUpdate& update);
  void add(NodeChange change);
  /// The graph as a launch at `time` found it; null if nothing is known. Equal states are one
  /// object.
  [[nodiscard]] std::shared_ptr<const GraphState> at(std::uint32_t exec, std::uint64_t time);

 private:
  struct Revision {
    std::uint64_t time = 0, exec_handle = 0, flags = 0;
    std::uint32_t revision = 0;
    std::vector<GraphNodePlan> nodes;
    std::vector<trace::GraphEdge> edges;
  };
  struct Exec {
    std::vector<Revision> revisions;
    std::vector<NodeChange> changes;
    std::map<std::uint64_t, std::shared_ptr<const GraphState>> states;  ///< by number of changes
  };
  void settle();
  [[nodiscard]] std::uint32_t exec_of(std::uint64_t handle, std::uint64_t time) const;

  std::map<std::uint32_t, Exec> execs_;
  std::vector<NodeChange> unplaced_;
  /// Which graph had a handle from when on.
  std::unordered_map<std::uint64_t, std::map<std::uint64_t, std::uint32_t>> owners_;
  bool settled_ = false;
  std::uint64_t next_serial_ = 1;
};

[[nodiscard]] GraphNodePlan copy_node(const trace::Node& node);

}  // namespace fib::replayer
