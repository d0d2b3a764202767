// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "tests/sim_driver/work.h"

namespace fib::sim {

struct Edge {
  CUgraphNode from = nullptr;
  CUgraphEdgeData data{};
};

/// What a kernel node's parameters look like from outside; points into the node.
struct KernelView {
  std::vector<void*> params;
  void* extra[5];
  std::size_t extra_size = 0;
};

struct GraphNode {
  CUgraphNode handle = nullptr;
  CUgraph graph = nullptr;
  std::weak_ptr<const GraphNode> cloned_from;  // its handle may be another node's by now
  Work work;
  std::vector<Edge> dependencies;
  KernelView view;
};
using NodePtr = std::shared_ptr<GraphNode>;

struct Graph {
  CUgraph handle = nullptr;
  bool embedded = false;       // lives in a child-graph node: the application may not destroy it
  std::vector<NodePtr> nodes;  // in creation order
};
using GraphPtr = std::shared_ptr<Graph>;

/// An instantiated node. Plans are immutable once launched: updates replace the plan.
struct PlanNode {
  std::weak_ptr<const GraphNode> source;  // of the graph as instantiated; dies with that graph
  Work work;
  std::vector<std::size_t> dependencies;  // indices into the plan
  bool enabled = true;
  std::shared_ptr<struct Plan> child;
};
struct Plan {
  std::vector<PlanNode> nodes;
};
using PlanPtr = std::shared_ptr<const Plan>;

struct GraphExec {
  CUgraphExec handle = nullptr;
  CUcontext context = nullptr;
  unsigned long long flags = 0;
  GraphPtr source;  // a clone of the graph as instantiated
  PlanPtr plan;
  CompletionPtr last;  // launches of one exec never overlap
};
using ExecPtr = std::shared_ptr<GraphExec>;

GraphPtr find_graph(const Driver& driver, CUgraph handle);
NodePtr find_node(const Driver& driver, CUgraphNode handle);
ExecPtr find_exec(const Driver& driver, CUgraphExec handle);

GraphPtr create_graph(Driver& driver);
/// Erases the graph and its nodes, child graphs included.
void destroy_graph(Driver& driver, const GraphPtr& graph);
GraphPtr clone_graph(Driver& driver, const Graph& graph);
/// Fails with NOT_SUPPORTED for graphs that own memory.
void require_cloneable(const Graph& graph);
NodePtr add_node(Driver& driver, Graph& graph, Work work, std::vector<Edge> dependencies);
CUgraphNodeType node_type(const Work& work);

/// The parameters of a node of this type; INVALID_VALUE for a node of another one.
template <class Kind>
Kind& work_of(GraphNode& node) {
  auto* work = std::get_if<Kind>(&node.work);
  require(work != nullptr);
  return *work;
}

/// Makes a plan; fails with INVALID_VALUE if the graph has a cycle.
std::shared_ptr<Plan> make_plan(const Driver& driver, const Graph& graph);
/// The old plan with the new work: node identities and what is disabled stay.
std::shared_ptr<Plan> merge_plans(const Plan& current, const Plan& updated);
/// Runs the enabled nodes in some topological order, another one each time.
void run_plan(const Plan& plan);

// Work from the parameter structures of explicit graph building. All is copied and checked.
KernelLaunch launch_from(Call& c, const CUDA_KERNEL_NODE_PARAMS& params);
KernelLaunch launch_from(Call& c, const CUDA_KERNEL_NODE_PARAMS_v1& params);
Copy copy_from(Call& c, const CUDA_MEMCPY3D& params, CUcontext context);
Memset memset_from(Call& c, const CUDA_MEMSET_NODE_PARAMS& params, CUcontext context);
ChildGraph child_from(Call& c, CUgraph graph);
MemOps mem_ops_from(Call& c, const CUDA_BATCH_MEM_OP_NODE_PARAMS& params);
/// The work that the parameter union of cuGraphAddNode describes.
Work work_from(Call& c, const CUgraphNodeParams& params);
/// New parameters for a node, which must keep its type. Attributes of kernel nodes stay.
void replace_work(Work& work, Work replacement);

/// The list convention of the graph queries: only the length if `out` is null, else at most *count
/// elements, the rest set to null.
template <class T>
void list_out(const std::vector<T>& list, T* out, std::size_t* count) {
  require(count != nullptr);
  if (out) {
    for (std::size_t i = 0; i < *count; ++i) out[i] = i < list.size() ? list[i] : T{};
    *count = std::min(*count, list.size());
  } else {
    *count = list.size();
  }
}

}  // namespace fib::sim
