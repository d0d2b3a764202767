// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "driver/driver_api.h"

namespace fib::dispatch {

/// A node of a graph, or of a child graph in it.
struct ListedNode {
  static constexpr std::uint32_t kTop = ~std::uint32_t{0};

  CUgraphNode node = nullptr;
  CUgraph graph = nullptr;  ///< that it is in
  CUgraphNodeType type = CU_GRAPH_NODE_TYPE_EMPTY;
  std::uint32_t parent = kTop;  ///< place of the child-graph node that holds its graph
  bool is_dependent = false;    ///< an edge of it is programmatic, or can't be read
};

/// All nodes of a graph, depth first: descendants follow their node. What conditional nodes hold
/// can't be asked for and is missing. Query functions only, which are legal at any time.
class NodeList {
 public:
  /// False: the driver does not tell. Throws std::bad_alloc.
  [[nodiscard]] bool read(const driver::DriverApi& api, CUgraph graph);
  /// Fills in is_dependent; costs a query per graph. Throws std::bad_alloc.
  void read_edges(const driver::DriverApi& api);

  [[nodiscard]] const std::vector<ListedNode>& nodes() const noexcept { return nodes_; }

 private:
  [[nodiscard]] bool read_level(const driver::DriverApi& api, CUgraph graph, std::uint32_t parent);
  void read_level_edges(const driver::DriverApi& api, CUgraph graph,
                        std::vector<CUgraphNode>& dependent);

  std::vector<ListedNode> nodes_;
  std::vector<CUgraph> graphs_;  ///< the graph and its child graphs
};

/// Nodes of one graph in the driver's order. False: the driver does not tell.
[[nodiscard]] bool nodes_of(const driver::DriverApi& api, CUgraph graph,
                            std::vector<CUgraphNode>& nodes);

}  // namespace fib::dispatch
