// SPDX-License-Identifier: Apache-2.0
// Building and querying graphs as such: nodes, edges, clones.
#include <cstring>

#include "tests/sim_driver/driver.h"

namespace fib::sim {
namespace {

struct EdgeLists {
  std::vector<CUgraphNode> from, to;
  std::vector<CUgraphEdgeData> data;

  void add(CUgraphNode source, CUgraphNode target, const CUgraphEdgeData& edge) {
    from.push_back(source);
    to.push_back(target);
    data.push_back(edge);
  }
};

bool is_plain(const CUgraphEdgeData& data) {
  const CUgraphEdgeData zero{};
  return std::memcmp(&data, &zero, sizeof zero) == 0;
}

EdgeLists edges_of(const Graph& graph) {
  EdgeLists lists;
  for (const NodePtr& node : graph.nodes)
    for (const Edge& edge : node->dependencies) lists.add(edge.from, node->handle, edge.data);
  return lists;
}

EdgeLists edges_into(const GraphNode& node) {
  EdgeLists lists;
  for (const Edge& edge : node.dependencies) lists.add(edge.from, node.handle, edge.data);
  return lists;
}

EdgeLists edges_out_of(const Graph& graph, CUgraphNode from) {
  EdgeLists lists;
  for (const NodePtr& node : graph.nodes)
    for (const Edge& edge : node->dependencies)
      if (edge.from == from) lists.add(from, node->handle, edge.data);
  return lists;
}

// Edge data may only be left out of a query if there is none.
void data_out(const EdgeLists& lists, bool asked, CUgraphEdgeData* out, std::size_t count) {
  for (std::size_t i = 0; i < std::min(count, lists.data.size()); ++i)
    if (out)
      out[i] = lists.data[i];
    else
      require(!asked || is_plain(lists.data[i]), CUDA_ERROR_LOSSY_QUERY);
}

void edges_out(const EdgeLists& lists, CUgraphNode* from, CUgraphNode* to, CUgraphEdgeData* data,
               std::size_t* count) {
  require(count != nullptr);
  const bool asked = from || to;
  std::size_t n = *count;
  data_out(lists, asked, data, n);
  if (from) list_out(lists.from, from, &n);
  n = *count;
  list_out(lists.to, to, asked ? &n : count);
  if (asked) *count = std::min(*count, lists.to.size());
}

void add_dependencies(Call& c, CUgraph handle, const CUgraphNode* from, const CUgraphNode* to,
                      const CUgraphEdgeData* data, std::size_t count) {
  const GraphPtr graph = find_graph(c.driver, handle);
  require(count == 0 || (from && to));
  for (std::size_t i = 0; i < count; ++i) {
    const NodePtr target = find_node(c.driver, to[i]);
    require(find_node(c.driver, from[i])->graph == handle && target->graph == handle &&
            from[i] != to[i]);
    for (const Edge& edge : target->dependencies) require(edge.from != from[i]);
    target->dependencies.push_back({from[i], data ? data[i] : CUgraphEdgeData{}});
  }
}

void remove_dependencies(Call& c, CUgraph handle, const CUgraphNode* from, const CUgraphNode* to,
                         std::size_t count) {
  find_graph(c.driver, handle);
  require(count == 0 || (from && to));
  for (std::size_t i = 0; i < count; ++i) {
    const NodePtr target = find_node(c.driver, to[i]);
    const auto removed =
        std::erase_if(target->dependencies, [&](const Edge& e) { return e.from == from[i]; });
    require(removed == 1);
  }
}

void destroy_node(Call& c, CUgraphNode handle) {
  const NodePtr node = find_node(c.driver, handle);
  const GraphPtr graph = find_graph(c.driver, node->graph);
  for (const NodePtr& other : graph->nodes)
    std::erase_if(other->dependencies, [&](const Edge& edge) { return edge.from == handle; });
  if (const auto* child = std::get_if<ChildGraph>(&node->work))
    destroy_graph(c.driver, child->graph);
  std::erase(graph->nodes, node);
  c.driver.nodes.erase(handle);
}

std::vector<CUgraphNode> handles(const Graph& graph, bool roots_only) {
  std::vector<CUgraphNode> list;
  for (const NodePtr& node : graph.nodes)
    if (!roots_only || node->dependencies.empty()) list.push_back(node->handle);
  return list;
}

}  // namespace

SIM_API(cuGraphCreate, (CUgraph * out, unsigned flags), require(out&& flags == 0);
        *out = create_graph(c.driver)->handle)

SIM_API(cuGraphDestroy, (CUgraph handle), {
  const GraphPtr graph = find_graph(c.driver, handle);
  require(!graph->embedded);
  destroy_graph(c.driver, graph);
})

SIM_API(cuGraphClone, (CUgraph * out, CUgraph handle), require(out != nullptr);
        const GraphPtr graph = find_graph(c.driver, handle); require_cloneable(*graph);
        *out = clone_graph(c.driver, *graph)->handle)

SIM_API(cuGraphNodeFindInClone, (CUgraphNode * out, CUgraphNode original, CUgraph clone), {
  require(out != nullptr);
  const NodePtr wanted = find_node(c.driver, original);
  for (const NodePtr& node : find_graph(c.driver, clone)->nodes)
    if (node->cloned_from.lock() == wanted) return store(out, node->handle);
  fail(CUDA_ERROR_INVALID_VALUE);
})

SIM_API(cuGraphDestroyNode, (CUgraphNode node), destroy_node(c, node))

SIM_API(cuGraphNodeGetType, (CUgraphNode node, CUgraphNodeType* type),
        store(type, node_type(find_node(c.driver, node)->work)))

SIM_API(cuGraphGetNodes, (CUgraph graph, CUgraphNode* nodes, size_t* count),
        list_out(handles(*find_graph(c.driver, graph), false), nodes, count))
SIM_API(cuGraphGetRootNodes, (CUgraph graph, CUgraphNode* nodes, size_t* count),
        list_out(handles(*find_graph(c.driver, graph), true), nodes, count))

SIM_API(cuGraphGetEdges, (CUgraph graph, CUgraphNode* from, CUgraphNode* to, size_t* count),
        edges_out(edges_of(*find_graph(c.driver, graph)), from, to, nullptr, count))
SIM_API(cuGraphGetEdges_v2,
        (CUgraph graph, CUgraphNode* from, CUgraphNode* to, CUgraphEdgeData* data, size_t* count),
        edges_out(edges_of(*find_graph(c.driver, graph)), from, to, data, count))

SIM_API(cuGraphNodeGetDependencies, (CUgraphNode node, CUgraphNode* out, size_t* count),
        edges_out(edges_into(*find_node(c.driver, node)), out, nullptr, nullptr, count))
SIM_API(cuGraphNodeGetDependencies_v2,
        (CUgraphNode node, CUgraphNode* out, CUgraphEdgeData* data, size_t* count),
        edges_out(edges_into(*find_node(c.driver, node)), out, nullptr, data, count))

SIM_API(cuGraphNodeGetDependentNodes, (CUgraphNode handle, CUgraphNode* out, size_t* count), {
  const NodePtr node = find_node(c.driver, handle);
  edges_out(edges_out_of(*find_graph(c.driver, node->graph), handle), nullptr, out, nullptr, count);
})
SIM_API(cuGraphNodeGetDependentNodes_v2,
        (CUgraphNode handle, CUgraphNode* out, CUgraphEdgeData* data, size_t* count), {
          const NodePtr node = find_node(c.driver, handle);
          edges_out(edges_out_of(*find_graph(c.driver, node->graph), handle), nullptr, out, data,
                    count);
        })

SIM_API(cuGraphAddDependencies,
        (CUgraph graph, const CUgraphNode* from, const CUgraphNode* to, size_t count),
        add_dependencies(c, graph, from, to, nullptr, count))
SIM_API(cuGraphAddDependencies_v2,
        (CUgraph graph, const CUgraphNode* from, const CUgraphNode* to, const CUgraphEdgeData* data,
         size_t count),
        add_dependencies(c, graph, from, to, data, count))
SIM_API(cuGraphRemoveDependencies,
        (CUgraph graph, const CUgraphNode* from, const CUgraphNode* to, size_t count),
        remove_dependencies(c, graph, from, to, count))
SIM_API(cuGraphRemoveDependencies_v2,
        (CUgraph graph, const CUgraphNode* from, const CUgraphNode* to, const CUgraphEdgeData*,
         size_t count),
        remove_dependencies(c, graph, from, to, count))

}  // namespace fib::sim
