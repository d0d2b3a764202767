// SPDX-License-Identifier: Apache-2.0
#include "replayer/graph_history.h"

#include <algorithm>

#include "replayer/graph_order.h"

namespace fib::replayer {
namespace {

std::vector<std::byte> copy(trace::Bytes bytes) { return {bytes.begin(), bytes.end()}; }

void apply(const NodeChange& change, GraphNodePlan& node) {
  switch (change.kind) {
    case NodeChange::Kind::Enabled: node.enabled = change.value.enabled; return;
    case NodeChange::Kind::Params: node.params = change.value.params; return;
    case NodeChange::Kind::Node: break;
  }
  // Attributes are no parameters: they stay, and updates don't tell them.
  node.kernel = change.value.kernel;
  node.params = change.value.params;
  node.fixed.flags = change.value.fixed.flags;
}

}  // namespace

GraphNodePlan copy_node(const trace::Node& node) {
  GraphNodePlan plan;
  plan.fixed = node.fixed;
  plan.kernel = node.kernel;
  plan.params = copy(node.params);
  for (const trace::LaunchAttribute& attribute : node.attributes) {
    std::byte head[8]{};
    __builtin_memcpy(head, &attribute.id, sizeof attribute.id);
    plan.attributes.insert(plan.attributes.end(), head, head + sizeof head);
    plan.attributes.insert(plan.attributes.end(), attribute.value.begin(), attribute.value.end());
  }
  return plan;
}

void GraphHistory::add(const trace::Graph& graph) {
  Revision revision{
      graph.header.time, graph.fixed.exec_handle, graph.fixed.flags, graph.fixed.revision, {},
      graph.edges};
  for (const trace::Node& node : graph.nodes) revision.nodes.push_back(copy_node(node));
  execs_[graph.fixed.exec].revisions.push_back(std::move(revision));
}

void GraphHistory::add(const trace::GraphUpdate& update) {
  NodeChange change;
  change.time = update.header.time;
  change.exec = update.fixed.exec;
  change.node = update.node.fixed.handle;
  change.kind = NodeChange::Kind::Node;
  change.value = copy_node(update.node);
  add(std::move(change));
}

void GraphHistory::add(NodeChange change) { unplaced_.push_back(std::move(change)); }

std::uint32_t GraphHistory::exec_of(std::uint64_t handle, std::uint64_t time) const {
  const auto found = owners_.find(handle);
  if (found == owners_.end()) return 0;
  const auto after = found->second.upper_bound(time);
  return after == found->second.begin() ? 0 : std::prev(after)->second;
}

void GraphHistory::settle() {
  if (settled_) return;
  settled_ = true;
  for (const auto& [id, exec] : execs_)
    for (const Revision& revision : exec.revisions)
      owners_[revision.exec_handle][revision.time] = id;
  for (NodeChange& change : unplaced_) {
    const std::uint32_t exec =
        change.exec != 0 ? change.exec : exec_of(change.exec_handle, change.time);
    const auto found = execs_.find(exec);
    if (found != execs_.end()) found->second.changes.push_back(std::move(change));
  }
  unplaced_.clear();
  const auto by_time = [](const auto& a, const auto& b) { return a.time < b.time; };
  for (auto& [id, exec] : execs_) {
    std::stable_sort(exec.revisions.begin(), exec.revisions.end(), by_time);
    std::stable_sort(exec.changes.begin(), exec.changes.end(), by_time);
  }
}

std::shared_ptr<const GraphState> GraphHistory::at(std::uint32_t exec_id, std::uint64_t time) {
  settle();
  const auto found = execs_.find(exec_id);
  if (found == execs_.end()) return nullptr;
  Exec& exec = found->second;
  const auto later = [](std::uint64_t t, const auto& item) { return t < item.time; };
  const auto revision = std::upper_bound(exec.revisions.begin(), exec.revisions.end(), time, later);
  if (revision == exec.revisions.begin()) return nullptr;
  const auto change = std::upper_bound(exec.changes.begin(), exec.changes.end(), time, later);
  const auto version = static_cast<std::uint64_t>((revision - exec.revisions.begin()) +
                                                  (change - exec.changes.begin()));
  std::shared_ptr<const GraphState>& state = exec.states[version];
  if (state) return state;
  const Revision& base = *std::prev(revision);
  auto made = std::make_shared<GraphState>(
      GraphState{exec_id, next_serial_++, base.flags, base.nodes, base.edges, {}});
  for (auto it = exec.changes.begin(); it != change; ++it) {
    // A whole-graph update replaces parameters, but leaves switches as they are.
    if (it->time <= base.time && it->kind != NodeChange::Kind::Enabled) continue;
    for (GraphNodePlan& node : made->nodes)
      if (node.fixed.handle == it->node) apply(*it, node);
  }
  made->order = graph_order(made->nodes, made->edges);
  state = std::move(made);
  return state;
}

}  // namespace fib::replayer
