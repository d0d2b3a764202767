// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/graph.h"

#include <algorithm>
#include <random>
#include <unordered_map>

#include "tests/sim_driver/driver.h"
#include "tests/sim_driver/launch.h"

namespace fib::sim {
namespace {

/// Old handle -> new node, over a cloned graph and the graphs inside it.
using CloneMap = std::unordered_map<CUgraphNode, NodePtr>;

Work cloned_work(Driver& driver, const Work& work) {
  const auto* child = std::get_if<ChildGraph>(&work);
  if (!child) return work;
  GraphPtr copy = clone_graph(driver, *child->graph);
  copy->embedded = true;
  return ChildGraph{std::move(copy)};
}

struct TypeOf {
  CUgraphNodeType operator()(const Empty&) const { return CU_GRAPH_NODE_TYPE_EMPTY; }
  CUgraphNodeType operator()(const KernelLaunch&) const { return CU_GRAPH_NODE_TYPE_KERNEL; }
  CUgraphNodeType operator()(const Copy&) const { return CU_GRAPH_NODE_TYPE_MEMCPY; }
  CUgraphNodeType operator()(const Memset&) const { return CU_GRAPH_NODE_TYPE_MEMSET; }
  CUgraphNodeType operator()(const HostCall&) const { return CU_GRAPH_NODE_TYPE_HOST; }
  CUgraphNodeType operator()(const EventRecord&) const { return CU_GRAPH_NODE_TYPE_EVENT_RECORD; }
  CUgraphNodeType operator()(const EventWait&) const { return CU_GRAPH_NODE_TYPE_WAIT_EVENT; }
  CUgraphNodeType operator()(const ChildGraph&) const { return CU_GRAPH_NODE_TYPE_GRAPH; }
  CUgraphNodeType operator()(const MemOps&) const { return CU_GRAPH_NODE_TYPE_BATCH_MEM_OP; }
  CUgraphNodeType operator()(const MemAlloc&) const { return CU_GRAPH_NODE_TYPE_MEM_ALLOC; }
  CUgraphNodeType operator()(const MemFree&) const { return CU_GRAPH_NODE_TYPE_MEM_FREE; }
};

/// Picks among the nodes whose dependencies have run, at random: a missing edge shows.
class Order {
 public:
  explicit Order(const Plan& plan) : missing_(plan.nodes.size()), dependents_(plan.nodes.size()) {
    for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
      missing_[i] = plan.nodes[i].dependencies.size();
      if (missing_[i] == 0) ready_.push_back(i);
      for (std::size_t from : plan.nodes[i].dependencies) dependents_[from].push_back(i);
    }
  }

  bool next(std::size_t& node) {
    if (ready_.empty()) return false;
    static thread_local std::minstd_rand random{std::random_device{}()};
    std::swap(ready_[random() % ready_.size()], ready_.back());
    node = ready_.back();
    ready_.pop_back();
    for (std::size_t dependent : dependents_[node])
      if (--missing_[dependent] == 0) ready_.push_back(dependent);
    return true;
  }

 private:
  std::vector<std::size_t> missing_, ready_;
  std::vector<std::vector<std::size_t>> dependents_;
};

bool has_cycle(const Plan& plan) {
  Order order(plan);
  std::size_t node = 0, seen = 0;
  while (order.next(node)) ++seen;
  return seen != plan.nodes.size();
}

void run_node(const PlanNode& node) {
  if (!node.enabled) return;
  if (node.child) return run_plan(*node.child);
  run(node.work);
}

}  // namespace

GraphPtr find_graph(const Driver& driver, CUgraph handle) {
  GraphPtr graph = driver.graphs.find(handle);
  require(graph != nullptr);
  return graph;
}

NodePtr find_node(const Driver& driver, CUgraphNode handle) {
  NodePtr node = driver.nodes.find(handle);
  require(node != nullptr);
  return node;
}

ExecPtr find_exec(const Driver& driver, CUgraphExec handle) {
  ExecPtr exec = driver.execs.find(handle);
  require(exec != nullptr);
  return exec;
}

GraphPtr create_graph(Driver& driver) {
  auto graph = std::make_shared<Graph>();
  graph->handle = driver.graphs.insert(graph);
  return graph;
}

void destroy_graph(Driver& driver, const GraphPtr& graph) {
  for (const NodePtr& node : graph->nodes) {
    if (const auto* child = std::get_if<ChildGraph>(&node->work))
      destroy_graph(driver, child->graph);
    driver.nodes.erase(node->handle);
  }
  graph->nodes.clear();
  driver.graphs.erase(graph->handle);
}

NodePtr add_node(Driver& driver, Graph& graph, Work work, std::vector<Edge> dependencies) {
  for (const Edge& edge : dependencies)
    require(find_node(driver, edge.from)->graph == graph.handle);
  auto node = std::make_shared<GraphNode>();
  node->graph = graph.handle;
  node->work = std::move(work);
  node->dependencies = std::move(dependencies);
  node->handle = driver.nodes.insert(node);
  graph.nodes.push_back(node);
  return node;
}

GraphPtr clone_graph(Driver& driver, const Graph& graph) {
  GraphPtr copy = create_graph(driver);
  CloneMap clones;
  for (const NodePtr& node : graph.nodes) {
    NodePtr clone = add_node(driver, *copy, cloned_work(driver, node->work), {});
    clone->cloned_from = node;
    clones.emplace(node->handle, std::move(clone));
  }
  for (const NodePtr& node : graph.nodes)
    for (const Edge& edge : node->dependencies)
      clones.at(node->handle)->dependencies.push_back({clones.at(edge.from)->handle, edge.data});
  return copy;
}

void require_cloneable(const Graph& graph) {
  for (const NodePtr& node : graph.nodes) {
    require(!std::holds_alternative<MemAlloc>(node->work) &&
                !std::holds_alternative<MemFree>(node->work),
            CUDA_ERROR_NOT_SUPPORTED);
    if (const auto* child = std::get_if<ChildGraph>(&node->work)) require_cloneable(*child->graph);
  }
}

CUgraphNodeType node_type(const Work& work) { return std::visit(TypeOf{}, work); }

std::shared_ptr<Plan> make_plan(const Driver& driver, const Graph& graph) {
  auto plan = std::make_shared<Plan>();
  std::unordered_map<CUgraphNode, std::size_t> index;
  for (const NodePtr& node : graph.nodes) index.emplace(node->handle, index.size());
  for (const NodePtr& node : graph.nodes) {
    PlanNode planned;
    planned.source = node;
    planned.work = node->work;
    // Plans end in any thread; the memory, with its graph.
    if (auto* memory = std::get_if<MemAlloc>(&planned.work)) memory->memory = nullptr;
    if (const auto* launch = std::get_if<KernelLaunch>(&node->work)) check_launch(*launch);
    for (const Edge& edge : node->dependencies) planned.dependencies.push_back(index.at(edge.from));
    if (const auto* child = std::get_if<ChildGraph>(&node->work))
      planned.child = make_plan(driver, *child->graph);
    plan->nodes.push_back(std::move(planned));
  }
  require(!has_cycle(*plan));
  return plan;
}

std::shared_ptr<Plan> merge_plans(const Plan& current, const Plan& updated) {
  auto merged = std::make_shared<Plan>(current);
  for (std::size_t i = 0; i < merged->nodes.size(); ++i) {
    PlanNode& node = merged->nodes[i];
    node.work = updated.nodes[i].work;
    if (node.child) node.child = merge_plans(*node.child, *updated.nodes[i].child);
  }
  return merged;
}

void run_plan(const Plan& plan) {
  Order order(plan);
  for (std::size_t node = 0; order.next(node);) run_node(plan.nodes[node]);
}

}  // namespace fib::sim
