// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "dispatch/graphs/node_list.h"

namespace fib::dispatch {

/// A clone of an engine's graph, and which of its nodes stands for which of the engine's. The
/// engine's graph may be changed and destroyed afterwards. Owns the clone.
class GraphClone {
 public:
  /// A pair of nodes, at the place that the engine's node has in its NodeList.
  struct Pair {
    CUgraphNode original = nullptr, twin = nullptr;
    std::uint32_t parent = ListedNode::kTop;
    bool is_dependent = false;
  };

  GraphClone() noexcept = default;
  ~GraphClone() { reset(); }
  GraphClone(GraphClone&& other) noexcept
      : api_(other.api_),
        graph_(std::exchange(other.graph_, nullptr)),
        pairs_(std::move(other.pairs_)),
        by_original_(std::move(other.by_original_)) {}
  GraphClone& operator=(GraphClone&& other) noexcept;

  /// False: the driver does not clone it (its error is in `error`), or does not tell the nodes.
  /// Throws std::bad_alloc.
  [[nodiscard]] bool make(const driver::DriverApi& api, CUgraph graph, const NodeList& nodes,
                          CUresult& error);
  void reset() noexcept;

  [[nodiscard]] explicit operator bool() const noexcept { return graph_ != nullptr; }
  [[nodiscard]] CUgraph graph() const noexcept { return graph_; }
  [[nodiscard]] const std::vector<Pair>& pairs() const noexcept { return pairs_; }
  /// Place of one of the engine's nodes; pairs().size() if it is not known.
  [[nodiscard]] std::size_t place_of(CUgraphNode original) const noexcept;
  /// Whether the node at `place` lies below the child-graph node at `ancestor`.
  [[nodiscard]] bool is_below(std::uint32_t place, std::uint32_t ancestor) const noexcept;

 private:
  [[nodiscard]] bool pair_all(const NodeList& nodes);
  [[nodiscard]] bool pair_level(const NodeList& nodes, std::uint32_t parent, CUgraph twin);
  [[nodiscard]] CUgraphNode twin_of(const ListedNode& node, CUgraph twin,
                                    const std::vector<CUgraphNode>& in_order,
                                    std::size_t index) const;

  const driver::DriverApi* api_ = nullptr;
  CUgraph graph_ = nullptr;
  std::vector<Pair> pairs_;
  std::vector<std::uint32_t> by_original_;  ///< places, by the original's handle
};

}  // namespace fib::dispatch
