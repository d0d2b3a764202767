// SPDX-License-Identifier: Apache-2.0
#include "dispatch/graphs/node_list.h"

#include <algorithm>

namespace fib::dispatch {

bool nodes_of(const driver::DriverApi& api, CUgraph graph, std::vector<CUgraphNode>& nodes) {
  std::size_t count = 0;
  nodes.clear();
  if (api.cuGraphGetNodes(graph, nullptr, &count) != CUDA_SUCCESS) return false;
  nodes.resize(count);
  if (count != 0 && api.cuGraphGetNodes(graph, nodes.data(), &count) != CUDA_SUCCESS) return false;
  return count == nodes.size();
}

bool NodeList::read(const driver::DriverApi& api, CUgraph graph) {
  nodes_.clear();
  graphs_.clear();
  return read_level(api, graph, ListedNode::kTop);
}

bool NodeList::read_level(const driver::DriverApi& api, CUgraph graph, std::uint32_t parent) {
  std::vector<CUgraphNode> handles;
  if (!nodes_of(api, graph, handles)) return false;
  graphs_.push_back(graph);
  for (const CUgraphNode handle : handles) {
    ListedNode node{handle, graph, CU_GRAPH_NODE_TYPE_EMPTY, parent, false};
    if (api.cuGraphNodeGetType(handle, &node.type) != CUDA_SUCCESS) return false;
    const auto place = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back(node);
    if (node.type != CU_GRAPH_NODE_TYPE_GRAPH) continue;
    CUgraph child = nullptr;
    if (api.cuGraphChildGraphNodeGetGraph(handle, &child) != CUDA_SUCCESS) return false;
    if (!read_level(api, child, place)) return false;
  }
  return true;
}

void NodeList::read_level_edges(const driver::DriverApi& api, CUgraph graph,
                                std::vector<CUgraphNode>& dependent) {
  const bool has_data = api.cuGraphGetEdges_v2 != nullptr;
  const auto get = [&](CUgraphNode* from, CUgraphNode* to, CUgraphEdgeData* data,
                       std::size_t* count) {
    return has_data ? api.cuGraphGetEdges_v2(graph, from, to, data, count)
                    : api.cuGraphGetEdges(graph, from, to, count);
  };
  std::size_t count = 0;
  CUresult rc = get(nullptr, nullptr, nullptr, &count);
  std::vector<CUgraphNode> from(count), to(count);
  std::vector<CUgraphEdgeData> data(count);
  if (rc == CUDA_SUCCESS && count != 0) rc = get(from.data(), to.data(), data.data(), &count);
  if (rc != CUDA_SUCCESS) {  // edges with data and a driver, or a query, that can't tell of them
    for (ListedNode& listed : nodes_) listed.is_dependent |= listed.graph == graph;
    return;
  }
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (data[i].from_port == 0 && data[i].to_port == 0 && data[i].type == 0) continue;
    dependent.push_back(from[i]);
    dependent.push_back(to[i]);
  }
}

void NodeList::read_edges(const driver::DriverApi& api) {
  std::vector<CUgraphNode> dependent;
  for (const CUgraph graph : graphs_) read_level_edges(api, graph, dependent);
  std::ranges::sort(dependent);
  for (ListedNode& listed : nodes_)
    listed.is_dependent |= std::ranges::binary_search(dependent, listed.node);
}

}  // namespace fib::dispatch
