// SPDX-License-Identifier: Apache-2.0
#include "recorder/graphs.h"

#include <algorithm>
#include <cstring>

#include "recorder/clock.h"

namespace fib::recorder {

using trace::Deviation;

namespace {

/// Adds what `node` may reach. Memory that can be mapped lies above the first pages and below the
/// 57 bits that processors have.
void add_reach(ExecInfo& info, const SnapshotNode& node) {
  constexpr std::uint64_t kLowest = 65536, kHighest = std::uint64_t{1} << 57;
  if (node.effect != trace::EffectReason::None) info.effect = node.effect;
  for (std::size_t at = 0; at + sizeof(std::uint64_t) <= node.params.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, node.params.data() + at, sizeof word);
    if (word >= kLowest && word < kHighest) info.words.push_back(word);
  }
}

void sort_words(ExecInfo& info) {
  std::ranges::sort(info.words);
  info.words.erase(std::unique(info.words.begin(), info.words.end()), info.words.end());
}

}  // namespace

void Graphs::out_of_memory() noexcept {
  session_.deviation(Deviation::DefinitionDropped, "out of memory while recording a graph");
}

GraphReader Graphs::reader() {
  return {session_, kernels_, api_, [this](CUgraphNode node) {
            const std::lock_guard lock(mutex_);
            const auto found = bodies_.find(node);
            return found != bodies_.end() ? found->second : std::vector<CUgraph>{};
          }};
}

void Graphs::define(CUgraphExec exec, CUgraph graph, std::uint64_t flags, GraphSnapshot& snapshot,
                    std::uint64_t time) {
  trace::GraphRecord record{};
  {
    const std::lock_guard lock(mutex_);
    ExecInfo* known = execs_.find(exec);
    const bool fresh = known == nullptr;
    if (fresh)
      known = new ExecInfo{next_exec_++, 0, {}, {}};  // for ever: see HandleTable
    else
      ++known->revision;
    // An update keeps the nodes' identity: the driver pairs them in order.
    const bool pairs = !fresh && known->places.size() == snapshot.nodes.size();
    if (!pairs) known->places.clear();
    for (std::size_t i = 0; i < snapshot.nodes.size(); ++i) {
      trace::GraphNode& node = snapshot.nodes[i].fixed;
      if (pairs)
        node.handle = known->places[i].handle;
      else
        known->places.push_back({node.handle, node.parent});
      add_reach(*known, snapshot.nodes[i]);
    }
    sort_words(*known);
    record.exec = known->id;
    record.revision = known->revision;
    if (fresh) execs_.set(exec, known);
  }
  record.exec_handle = reinterpret_cast<std::uintptr_t>(exec);
  record.graph_handle = reinterpret_cast<std::uintptr_t>(graph);
  record.flags = flags;
  const bool kept = session_.definitions().add([&](trace::RecordBuffer& to) {
    trace::GraphBuilder builder(to, time, record);
    for (const SnapshotNode& node : snapshot.nodes) builder.add_node(node.parts());
    return builder.add_edges(snapshot.edges).finish();
  });
  if (!kept) session_.deviation(Deviation::DefinitionDropped, "no memory for a graph record");
}

void Graphs::instantiated(CUgraphExec exec, CUgraph graph, std::uint64_t flags) noexcept try {
  session_.start();
  const std::uint64_t time = ticks();
  destroying(exec);  // a handle that comes back is a new graph, however its old one went
  GraphSnapshot snapshot = reader().read(graph);
  define(exec, graph, flags, snapshot, time);
  if ((flags & CUDA_GRAPH_INSTANTIATE_FLAG_DEVICE_LAUNCH) != 0)
    session_.deviation(Deviation::DeviceGraphLaunch, "a graph may be launched by kernels, unseen");
} catch (...) {
  out_of_memory();
}

void Graphs::updated(CUgraphExec exec, CUgraph graph) noexcept try {
  const std::uint64_t time = ticks();
  GraphSnapshot snapshot = reader().read(graph);
  define(exec, graph, 0, snapshot, time);
} catch (...) {
  out_of_memory();
}

void Graphs::define_update(CUgraphExec exec, const SnapshotNode& node, std::uint64_t time) {
  {
    const std::lock_guard lock(mutex_);
    if (ExecInfo* known = execs_.find(exec); known != nullptr) {
      add_reach(*known, node);
      sort_words(*known);
    }
  }
  const bool kept = session_.definitions().add([&](trace::RecordBuffer& to) {
    return trace::encode_graph_update(to, time, {id_of(exec), 0}, node.parts());
  });
  if (!kept) session_.deviation(Deviation::DefinitionDropped, "no memory for a graph update");
}

void Graphs::kernel_node_set(CUgraphExec exec, CUgraphNode node,
                             const CUDA_KERNEL_NODE_PARAMS& params) noexcept try {
  const std::uint64_t time = ticks();
  define_update(exec, reader().kernel_node(node, params), time);
} catch (...) {
  out_of_memory();
}

void Graphs::node_set(CUgraphExec exec, CUgraphNode node, const CUgraphNodeParams& params) noexcept
    try {
  static_assert(sizeof(CUDA_KERNEL_NODE_PARAMS) == sizeof(CUDA_KERNEL_NODE_PARAMS_v3));
  if (params.type == CU_GRAPH_NODE_TYPE_KERNEL) {
    CUDA_KERNEL_NODE_PARAMS kernel;
    __builtin_memcpy(&kernel, &params.kernel, sizeof kernel);
    return kernel_node_set(exec, node, kernel);
  }
  if (params.type == CU_GRAPH_NODE_TYPE_GRAPH) return child_set(exec, node, params.graph.graph);
  define_update(exec,
                GraphReader::raw_node(node, params.type, &params.memcpy,
                                      sizeof params - offsetof(CUgraphNodeParams, memcpy)),
                ticks());
} catch (...) {
  out_of_memory();
}

std::vector<ExecInfo::Place> Graphs::descendants(CUgraphExec exec, CUgraphNode node) {
  const std::lock_guard lock(mutex_);
  std::vector<ExecInfo::Place> result;
  const ExecInfo* info = execs_.find(exec);
  std::size_t at = 0;
  const auto handle = reinterpret_cast<std::uintptr_t>(node);
  const std::size_t count = info != nullptr ? info->places.size() : 0;
  while (at < count && info->places[at].handle != handle) ++at;
  // Depth first: they follow their ancestor until a node that hangs above it.
  for (std::size_t i = at + 1; i < count; ++i) {
    const std::uint32_t parent = info->places[i].parent;
    if (parent == trace::kNoParent || parent < at) break;
    result.push_back(info->places[i]);
  }
  return result;
}

void Graphs::child_set(CUgraphExec exec, CUgraphNode node, CUgraph child) noexcept try {
  const std::uint64_t time = ticks();
  const std::vector<ExecInfo::Place> places = descendants(exec, node);
  GraphSnapshot snapshot = reader().read(child);
  if (places.size() != snapshot.nodes.size()) {
    session_.deviation(Deviation::GraphUnreadable,
                       "a child graph was replaced in an executable graph that was not seen whole");
    return;
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    snapshot.nodes[i].fixed.handle = places[i].handle;
    define_update(exec, snapshot.nodes[i], time);
  }
} catch (...) {
  out_of_memory();
}

void Graphs::conditional_added(CUgraphNode node,
                               const CUDA_CONDITIONAL_NODE_PARAMS& params) noexcept try {
  if (params.phGraph_out == nullptr) return;
  const std::lock_guard lock(mutex_);
  bodies_[node].assign(params.phGraph_out, params.phGraph_out + params.size);
} catch (...) {
  out_of_memory();
}

void Graphs::destroying(CUgraphExec exec) noexcept try {
  if (execs_.find(exec) == nullptr) return;
  const std::lock_guard lock(mutex_);
  execs_.set(exec, nullptr);
} catch (...) {
  out_of_memory();
}

}  // namespace fib::recorder
