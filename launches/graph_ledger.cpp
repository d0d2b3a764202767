// SPDX-License-Identifier: Apache-2.0
#include "launches/graph_ledger.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace fib::launches {
namespace {

constexpr int kDeepestNesting = 64;  // graphs nest a few levels; a damaged log may cycle

// Whether the node runs a number of times that the host can't know.
bool under_conditional(const std::vector<trace::Node>& nodes, const trace::Node& node) {
  const trace::Node* at = &node;
  for (int depth = 0; depth < kDeepestNesting; ++depth) {
    if (at->fixed.flags & trace::kNodeConditionalBody) return true;
    if (at->fixed.parent >= nodes.size()) return false;
    at = &nodes[at->fixed.parent];
  }
  return true;
}

}  // namespace

std::size_t GraphLedger::NodesHash::operator()(const Nodes& nodes) const noexcept {
  std::uint64_t hash = nodes.size();
  for (const NodeState& node : nodes) {
    hash = (hash ^ node.kernel) * 0x9e3779b97f4a7c15u;
    hash = (hash ^ (hash >> 32) ^ node.shape ^ (node.uncountable ? 1u << 31 : 0)) *
           0xff51afd7ed558ccdu;
  }
  return hash;
}

GraphLedger::NodeState GraphLedger::state_of(const trace::Node& node) {
  if (node.fixed.type != trace::kKernelNodeType) return {kNotAKernel, 0, false};
  const trace::KernelNode& kernel = node.kernel;
  const LaunchShape shape{{kernel.grid[0], kernel.grid[1], kernel.grid[2]},
                          {kernel.block[0], kernel.block[1], kernel.block[2]},
                          kernel.shared_bytes};
  const auto [found, fresh] =
      shape_ids_.try_emplace(shape, static_cast<std::uint32_t>(shapes_.size()));
  if (fresh) shapes_.push_back(shape);
  return {kernel.kernel, found->second, false};
}

const GraphLedger::Nodes* GraphLedger::intern(const trace::Graph& graph) {
  Nodes nodes;
  nodes.reserve(graph.nodes.size());
  for (const trace::Node& node : graph.nodes) {
    nodes.push_back(state_of(node));
    nodes.back().uncountable = under_conditional(graph.nodes, node);
  }
  return &tables_.try_emplace(std::move(nodes)).first->first;
}

void GraphLedger::rebase(Exec& exec, const trace::Graph& graph, const Nodes* table) {
  exec.handle = graph.fixed.exec_handle;
  exec.defined_ticks = graph.header.time;
  exec.base_revision = graph.fixed.revision;
  exec.base = table;
  exec.node_handles.clear();
  GraphFacts& facts = exec.facts;
  facts.exec = graph.fixed.exec;
  facts.exec_handle = graph.fixed.exec_handle;
  facts.nodes = static_cast<std::uint32_t>(graph.nodes.size());
  facts.types.clear();
  for (const trace::Node& node : graph.nodes) {
    exec.node_handles.push_back(node.fixed.handle);
    ++facts.types[node.fixed.type];
  }
  facts.kernel_nodes =
      facts.types.contains(trace::kKernelNodeType) ? facts.types[trace::kKernelNodeType] : 0;
  facts.conditional = std::any_of(table->begin(), table->end(),
                                  [](const NodeState& node) { return node.uncountable; });
}

void GraphLedger::define(const trace::Graph& graph) {
  Exec& exec = execs_[graph.fixed.exec];
  const Nodes* table = intern(graph);
  if (graph.fixed.revision < exec.base_revision) rebase(exec, graph, table);
  if (graph.fixed.revision > 0) ++exec.facts.revisions;
  exec.changes.push_back({graph.header.time, table, 0, {}, true});
}

void GraphLedger::update(const trace::GraphUpdate& update) {
  Exec& exec = execs_[update.fixed.exec];
  ++exec.facts.updates;
  const NodeState state = state_of(update.node);
  if (state.kernel == kNotAKernel) return;  // other nodes run no kernel before or after
  exec.changes.push_back({update.header.time, nullptr, update.node.fixed.handle, state, true});
}

void GraphLedger::set_enabled(std::uint64_t ticks, std::uint64_t exec_handle, std::uint64_t node,
                              bool enabled) {
  switches_.push_back({ticks, exec_handle, node, enabled});
}

void GraphLedger::launch(std::uint32_t exec, std::uint64_t ticks) {
  execs_[exec].launches.push_back(ticks);
}

// Handles are reused after a destroy: the last graph instantiated under it before the call is
// meant.
void GraphLedger::place_switches(Settled& settled) {
  std::map<std::pair<std::uint64_t, std::uint64_t>, Exec*> by_handle;
  for (auto& [id, exec] : execs_) {
    if (exec.base != nullptr) by_handle[{exec.handle, exec.defined_ticks}] = &exec;
  }
  for (const Switch& change : switches_) {
    auto after = by_handle.upper_bound({change.exec_handle, change.ticks});
    if (after == by_handle.begin() || (--after)->first.first != change.exec_handle) {
      ++settled.unmatched_updates;
      continue;
    }
    after->second->changes.push_back(
        {change.ticks, nullptr, change.node, {kNotAKernel, 0, false}, change.enabled});
  }
  switches_.clear();
}

/// Goes through one executable graph's life in order of time.
class GraphLedger::Sweep {
 public:
  using Key = std::tuple<std::uint32_t, std::uint32_t, bool>;  ///< kernel, shape, uncountable

  Sweep(Exec& exec, std::map<Key, std::uint64_t>& counts)
      : exec_(exec), counts_(counts), now_(*exec.base), enabled_(now_.size(), true) {}

  /// Returns how many changes named a node that the graph does not have.
  std::uint64_t run() {
    const auto by_time = [](const Change& a, const Change& b) { return a.ticks < b.ticks; };
    std::stable_sort(exec_.changes.begin(), exec_.changes.end(), by_time);
    std::sort(exec_.launches.begin(), exec_.launches.end());
    auto launch = exec_.launches.begin();
    for (const Change& change : exec_.changes) {
      const auto until = std::lower_bound(launch, exec_.launches.end(), change.ticks);
      count(static_cast<std::uint64_t>(until - launch));
      launch = until;
      apply(change);
    }
    count(static_cast<std::uint64_t>(exec_.launches.end() - launch));
    return unmatched_;
  }

 private:
  void count(std::uint64_t launches) {
    if (launches == 0) return;
    for (std::size_t i = 0; i < now_.size(); ++i) {
      const NodeState& node = now_[i];
      if (node.kernel == kNotAKernel || !enabled_[i]) continue;
      counts_[{node.kernel, node.shape, node.uncountable}] += launches;
    }
  }

  // A whole-graph update keeps the nodes' order, so later updates still find their node by its
  // place among the handles of the graph that was instantiated; switches outlive it.
  void apply(const Change& change) {
    if (change.table != nullptr) {
      now_ = *change.table;
      enabled_.resize(now_.size(), true);
      return;
    }
    const std::size_t place = place_of(change.node);
    if (place >= now_.size()) {
      ++unmatched_;
    } else if (change.state.kernel == kNotAKernel) {
      enabled_[place] = change.enabled;
    } else {
      const bool uncountable = now_[place].uncountable;
      now_[place] = change.state;
      now_[place].uncountable = uncountable;
    }
  }

  std::size_t place_of(std::uint64_t handle) {
    if (places_.empty()) {
      for (std::size_t i = 0; i < exec_.node_handles.size(); ++i) {
        places_.emplace(exec_.node_handles[i], i);
      }
    }
    const auto found = places_.find(handle);
    return found != places_.end() ? found->second : now_.size();
  }

  Exec& exec_;
  std::map<Key, std::uint64_t>& counts_;
  Nodes now_;
  std::vector<bool> enabled_;
  std::unordered_map<std::uint64_t, std::size_t> places_;
  std::uint64_t unmatched_ = 0;
};

GraphLedger::Settled GraphLedger::settle() {
  Settled settled;
  place_switches(settled);
  std::map<Sweep::Key, std::uint64_t> counts;
  for (auto& [id, exec] : execs_) {
    exec.facts.launches = exec.launches.size();
    if (exec.base == nullptr) {
      settled.unseen_launches += exec.launches.size();
      settled.unmatched_updates += exec.changes.size();
      continue;
    }
    settled.unmatched_updates += Sweep(exec, counts).run();
    settled.graphs.push_back(exec.facts);
  }
  for (const auto& [key, count] : counts) {
    const auto& [kernel, shape, uncountable] = key;
    settled.executions.push_back({kernel, shapes_[shape], count, uncountable});
  }
  return settled;
}

}  // namespace fib::launches
