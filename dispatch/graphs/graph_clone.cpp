// SPDX-License-Identifier: Apache-2.0
#include "dispatch/graphs/graph_clone.h"

#include <algorithm>

namespace fib::dispatch {

GraphClone& GraphClone::operator=(GraphClone&& other) noexcept {
  std::swap(api_, other.api_);
  std::swap(graph_, other.graph_);
  std::swap(pairs_, other.pairs_);
  std::swap(by_original_, other.by_original_);
  return *this;
}

void GraphClone::reset() noexcept {
  if (graph_ != nullptr) (void)api_->cuGraphDestroy(graph_);
  graph_ = nullptr;
  pairs_.clear();
  by_original_.clear();
}

bool GraphClone::make(const driver::DriverApi& api, CUgraph graph, const NodeList& nodes,
                      CUresult& error) {
  reset();
  api_ = &api;
  error = api.cuGraphClone(&graph_, graph);
  if (error != CUDA_SUCCESS) {
    graph_ = nullptr;
    return false;
  }
  if (pair_all(nodes)) return true;
  reset();
  return false;
}

bool GraphClone::pair_all(const NodeList& nodes) {
  for (const ListedNode& node : nodes.nodes())
    pairs_.push_back({node.node, nullptr, node.parent, node.is_dependent});
  if (!pair_level(nodes, ListedNode::kTop, graph_)) return false;
  by_original_.resize(pairs_.size());
  for (std::uint32_t i = 0; i < pairs_.size(); ++i) by_original_[i] = i;
  std::ranges::sort(by_original_, {}, [&](std::uint32_t place) { return pairs_[place].original; });
  return true;
}

/// The driver is asked for each node. For those of child graphs its manual promises no answer: then
/// nodes correspond by their order, which their types must confirm.
CUgraphNode GraphClone::twin_of(const ListedNode& node, CUgraph twin,
                                const std::vector<CUgraphNode>& in_order, std::size_t index) const {
  CUgraphNode found = nullptr;
  if (api_->cuGraphNodeFindInClone(&found, node.node, twin) == CUDA_SUCCESS) return found;
  if (node.parent == ListedNode::kTop || index >= in_order.size()) return nullptr;
  return in_order[index];
}

bool GraphClone::pair_level(const NodeList& nodes, std::uint32_t parent, CUgraph twin) {
  std::vector<CUgraphNode> in_order;
  if (!nodes_of(*api_, twin, in_order)) return false;
  std::size_t index = 0;
  for (std::uint32_t place = 0; place < pairs_.size(); ++place) {
    const ListedNode& node = nodes.nodes()[place];
    if (node.parent != parent) continue;
    CUgraphNodeType type = CU_GRAPH_NODE_TYPE_EMPTY;
    const CUgraphNode found = twin_of(node, twin, in_order, index++);
    if (found == nullptr || api_->cuGraphNodeGetType(found, &type) != CUDA_SUCCESS ||
        type != node.type)
      return false;
    pairs_[place].twin = found;
    if (type != CU_GRAPH_NODE_TYPE_GRAPH) continue;
    CUgraph child = nullptr;
    if (api_->cuGraphChildGraphNodeGetGraph(found, &child) != CUDA_SUCCESS ||
        !pair_level(nodes, place, child))
      return false;
  }
  return index == in_order.size();
}

std::size_t GraphClone::place_of(CUgraphNode original) const noexcept {
  const auto at = std::ranges::lower_bound(
      by_original_, original, {}, [&](std::uint32_t place) { return pairs_[place].original; });
  if (at == by_original_.end() || pairs_[*at].original != original) return pairs_.size();
  return *at;
}

bool GraphClone::is_below(std::uint32_t place, std::uint32_t ancestor) const noexcept {
  for (std::uint32_t at = pairs_[place].parent; at != ListedNode::kTop; at = pairs_[at].parent)
    if (at == ancestor) return true;
  return false;
}

}  // namespace fib::dispatch
