// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "recorder/kernels.h"
#include "trace/encoder.h"

namespace fib::recorder {

/// One node as read back from the driver; owns its bytes.
struct SnapshotNode {
  trace::GraphNode fixed{};
  trace::KernelNode kernel{};
  std::vector<std::byte> params, attributes;
  trace::EffectReason effect = trace::EffectReason::None;  ///< why it can't run alone

  [[nodiscard]] trace::NodeParts parts() const noexcept {
    return {fixed, kernel, params, attributes};
  }
};

/// A graph, flattened: the nodes of a child graph follow their node at once, depth first, so that
/// the descendants of a node are a contiguous run.
struct GraphSnapshot {
  std::vector<SnapshotNode> nodes;
  std::vector<trace::GraphEdge> edges;
};

/// Reads graphs back through the driver's query functions, which are legal at any time, also while
/// some stream captures. Throws std::bad_alloc.
class GraphReader {
 public:
  /// `bodies` answers which graphs a conditional node holds (the driver can't be asked).
  using BodiesOf = std::function<std::vector<CUgraph>(CUgraphNode)>;

  GraphReader(Session& session, Kernels& kernels, const driver::DriverApi& api, BodiesOf bodies)
      : session_(session), kernels_(kernels), api_(api), bodies_(std::move(bodies)) {}

  [[nodiscard]] GraphSnapshot read(CUgraph graph);
  /// A kernel node from parameters that were passed in rather than read back.
  [[nodiscard]] SnapshotNode kernel_node(CUgraphNode node, const CUDA_KERNEL_NODE_PARAMS& params);
  [[nodiscard]] static SnapshotNode raw_node(CUgraphNode node, CUgraphNodeType type,
                                             const void* params, std::size_t bytes);

 private:
  void read_level(CUgraph graph, std::uint32_t parent, std::uint16_t flags, GraphSnapshot& to);
  void read_edges(CUgraph graph, const std::vector<CUgraphNode>& handles,
                  const std::vector<std::uint32_t>& places, GraphSnapshot& to);
  [[nodiscard]] SnapshotNode read_node(CUgraphNode node);
  [[nodiscard]] SnapshotNode read_kernel_node(CUgraphNode node);
  [[nodiscard]] SnapshotNode read_batch_node(CUgraphNode node);
  template <auto Get, class Params>
  [[nodiscard]] SnapshotNode read_params(CUgraphNode node, CUgraphNodeType type);
  void read_attributes(CUgraphNode node, SnapshotNode& to);
  void descend(CUgraphNode node, CUgraphNodeType type, std::uint32_t place, std::uint16_t flags,
               GraphSnapshot& to);
  void mark_unknown(SnapshotNode& node);

  Session& session_;
  Kernels& kernels_;
  const driver::DriverApi& api_;
  BodiesOf bodies_;
};

}  // namespace fib::recorder
