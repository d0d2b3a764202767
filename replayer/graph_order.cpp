// SPDX-License-Identifier: Apache-2.0
#include "replayer/graph_order.h"

#include <functional>
#include <queue>

namespace fib::replayer {
namespace {

/// Expands one level after the other, depth first. Levels are the nodes with the same parent, and
/// edges never leave a level.
class Orderer {
 public:
  Orderer(const std::vector<GraphNodePlan>& nodes, const std::vector<trace::GraphEdge>& edges)
      : members_(nodes.size() + 1), followers_(nodes.size()), waiting_(nodes.size(), 0) {
    for (std::uint32_t i = 0; i < nodes.size(); ++i) {
      const std::uint32_t parent = nodes[i].fixed.parent;
      // Ancestors stand before their descendants, so that no circle can be.
      if (parent == trace::kNoParent)
        members_[nodes.size()].push_back(i);
      else if (parent < i)
        members_[parent].push_back(i);
      else
        sane_ = false;
    }
    for (const trace::GraphEdge& edge : edges) add(edge, nodes);
  }

  std::vector<std::uint32_t> run() {
    expand(members_.size() - 1, 0);
    return sane_ ? std::move(order_) : std::vector<std::uint32_t>{};
  }

 private:
  static constexpr int kMaxDepth = 64;

  void add(const trace::GraphEdge& edge, const std::vector<GraphNodePlan>& nodes) {
    if (edge.from >= nodes.size() || edge.to >= nodes.size() ||
        nodes[edge.from].fixed.parent != nodes[edge.to].fixed.parent) {
      sane_ = false;
      return;
    }
    followers_[edge.from].push_back(edge.to);
    ++waiting_[edge.to];
  }

  void expand(std::size_t level, int depth) {
    if (depth > kMaxDepth) sane_ = false;
    if (!sane_) return;
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ready;
    for (const std::uint32_t node : members_[level])
      if (waiting_[node] == 0) ready.push(node);
    std::size_t done = 0;
    for (; !ready.empty(); ++done) {
      const std::uint32_t node = ready.top();
      ready.pop();
      if (members_[node].empty())
        order_.push_back(node);
      else
        expand(node, depth + 1);
      for (const std::uint32_t next : followers_[node])
        if (--waiting_[next] == 0) ready.push(next);
    }
    if (done != members_[level].size()) sane_ = false;  // a circle
  }

  std::vector<std::vector<std::uint32_t>> members_;  ///< by parent; the last: top level
  std::vector<std::vector<std::uint32_t>> followers_;
  std::vector<std::uint32_t> waiting_, order_;
  bool sane_ = true;
};

}  // namespace

std::vector<std::uint32_t> graph_order(const std::vector<GraphNodePlan>& nodes,
                                       const std::vector<trace::GraphEdge>& edges) {
  return Orderer(nodes, edges).run();
}

}  // namespace fib::replayer
