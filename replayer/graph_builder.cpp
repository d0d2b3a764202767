// SPDX-License-Identifier: Apache-2.0
#include "replayer/graph_builder.h"

#include <cstring>

namespace fib::replayer {

struct GraphBuilder::Job {
  const GraphState& state;
  CUcontext context;
  std::vector<CUgraphNode> nodes;                          ///< by index
  std::vector<std::vector<std::uint32_t>> members, edges;  ///< by parent; the last: top level
  std::string problem;

  Job(const GraphState& graph, CUcontext in)
      : state(graph),
        context(in),
        nodes(graph.nodes.size()),
        members(graph.nodes.size() + 1),
        edges(graph.nodes.size() + 1) {
    for (std::uint32_t i = 0; i < graph.nodes.size(); ++i)
      members[slot(graph.nodes[i].fixed.parent)].push_back(i);
    for (std::uint32_t i = 0; i < graph.edges.size(); ++i)
      edges[slot(graph.nodes[graph.edges[i].from].fixed.parent)].push_back(i);
  }
  [[nodiscard]] std::size_t slot(std::uint32_t parent) const {
    return parent == trace::kNoParent ? state.nodes.size() : parent;
  }
};

CUresult GraphBuilder::set_attribute(CUgraphNode node, const CUlaunchAttribute& attribute) {
  CUlaunchAttributeValue now;
  std::memset(&now, 0, sizeof now);
  if (api_.cuGraphKernelNodeGetAttribute(node, attribute.id, &now) == CUDA_SUCCESS &&
      std::memcmp(&now, &attribute.value, sizeof now) == 0)
    return CUDA_SUCCESS;
  const CUresult rc = api_.cuGraphKernelNodeSetAttribute(node, attribute.id, &attribute.value);
  if (rc == CUDA_SUCCESS || attribute.id == CU_LAUNCH_ATTRIBUTE_COOPERATIVE ||
      attribute.id == CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION)
    return rc;
  // The others change how fast a kernel is, not what it does.
  deviations_.add("attribute " + std::to_string(static_cast<int>(attribute.id)) +
                  " of a kernel node can't be set: " + result_name(api_, rc));
  return CUDA_SUCCESS;
}

CUresult GraphBuilder::add_kernel(Job& job, CUgraph graph, const GraphNodePlan& plan,
                                  CUgraphNode& node) {
  const LoadedKernel& kernel = code_.kernel(plan.kernel.kernel, job.context);
  if (!kernel.problem.empty()) {
    job.problem = (kernel.plan != nullptr ? kernel.plan->name : "a kernel") + ": " + kernel.problem;
    return CUDA_ERROR_NOT_FOUND;
  }
  std::vector<std::byte> bytes = plan.params;
  memory_.rebase_words(bytes);
  KernelParams params(*kernel.plan, std::move(bytes));
  CUDA_KERNEL_NODE_PARAMS node_params{};
  if (kernel.is_kernel)
    node_params.kern = reinterpret_cast<CUkernel>(kernel.function);
  else
    node_params.func = kernel.function;
  node_params.ctx = job.context;
  node_params.gridDimX = plan.kernel.grid[0];
  node_params.gridDimY = plan.kernel.grid[1];
  node_params.gridDimZ = plan.kernel.grid[2];
  node_params.blockDimX = plan.kernel.block[0];
  node_params.blockDimY = plan.kernel.block[1];
  node_params.blockDimZ = plan.kernel.block[2];
  node_params.sharedMemBytes = plan.kernel.shared_bytes;
  node_params.kernelParams = params.params();
  CUresult rc = api_.cuGraphAddKernelNode_v2(&node, graph, nullptr, 0, &node_params);
  for (const CUlaunchAttribute& attribute :
       launch_attributes(plan.attributes, events_, deviations_))
    if (rc == CUDA_SUCCESS) rc = set_attribute(node, attribute);
  if (rc != CUDA_SUCCESS) job.problem = "node of " + kernel.plan->name;
  return rc;
}

CUresult GraphBuilder::add_child(Job& job, CUgraph graph, std::uint32_t index, CUgraphNode& node) {
  CUgraph child = nullptr;
  CUresult rc = api_.cuGraphCreate(&child, 0);
  if (rc != CUDA_SUCCESS) return rc;
  rc = add_level(job, child, index);
  if (rc == CUDA_SUCCESS) rc = api_.cuGraphAddChildGraphNode(&node, graph, nullptr, 0, child);
  api_.cuGraphDestroy(child);  // the node has a clone
  return rc;
}

CUresult GraphBuilder::add_memops(Job& job, CUgraph graph, const GraphNodePlan& plan,
                                  CUgraphNode& node) {
  std::vector<CUstreamBatchMemOpParams> ops = memops_of(plan);
  CUDA_BATCH_MEM_OP_NODE_PARAMS params{};
  params.ctx = job.context;
  params.count = static_cast<unsigned>(ops.size());
  params.paramArray = ops.data();
  return api_.cuGraphAddBatchMemOpNode(&node, graph, nullptr, 0, &params);
}

CUresult GraphBuilder::add_node(Job& job, CUgraph graph, std::uint32_t index, CUgraphNode& node) {
  const GraphNodePlan& plan = job.state.nodes[index];
  // A node that is switched off does nothing, but what depends on it stays in its order.
  if (!plan.enabled) return api_.cuGraphAddEmptyNode(&node, graph, nullptr, 0);
  switch (plan.fixed.type) {
    case CU_GRAPH_NODE_TYPE_KERNEL: return add_kernel(job, graph, plan, node);
    case CU_GRAPH_NODE_TYPE_MEMCPY: {
      const CUDA_MEMCPY3D params = memcpy_params(plan);
      return api_.cuGraphAddMemcpyNode(&node, graph, nullptr, 0, &params, job.context);
    }
    case CU_GRAPH_NODE_TYPE_MEMSET: {
      const CUDA_MEMSET_NODE_PARAMS params = memset_params(plan);
      return api_.cuGraphAddMemsetNode(&node, graph, nullptr, 0, &params, job.context);
    }
    case CU_GRAPH_NODE_TYPE_GRAPH: return add_child(job, graph, index, node);
    case CU_GRAPH_NODE_TYPE_WAIT_EVENT:
      return api_.cuGraphAddEventWaitNode(&node, graph, nullptr, 0, events_.find(event_of(plan)));
    case CU_GRAPH_NODE_TYPE_EVENT_RECORD:
      return api_.cuGraphAddEventRecordNode(&node, graph, nullptr, 0, events_.find(event_of(plan)));
    case CU_GRAPH_NODE_TYPE_BATCH_MEM_OP: return add_memops(job, graph, plan, node);
    default: break;
  }
  // Empty nodes, and memory nodes: their memory is there all the time.
  return api_.cuGraphAddEmptyNode(&node, graph, nullptr, 0);
}

CUresult GraphBuilder::add_edges(Job& job, CUgraph graph, std::uint32_t parent) {
  std::vector<CUgraphNode> from, to;
  std::vector<CUgraphEdgeData> data;
  bool plain = true;
  for (const std::uint32_t index : job.edges[job.slot(parent)]) {
    const trace::GraphEdge& edge = job.state.edges[index];
    from.push_back(job.nodes[edge.from]);
    to.push_back(job.nodes[edge.to]);
    CUgraphEdgeData ports{};
    ports.from_port = edge.from_port;
    ports.to_port = edge.to_port;
    ports.type = edge.type;
    // Ports are those of kernel nodes that run.
    const bool runs = job.state.nodes[edge.from].enabled && job.state.nodes[edge.to].enabled;
    if (!runs) ports = {};
    plain = plain && ports.from_port == 0 && ports.to_port == 0 && ports.type == 0;
    data.push_back(ports);
  }
  if (from.empty()) return CUDA_SUCCESS;
  if (plain && api_.cuGraphAddDependencies != nullptr)
    return api_.cuGraphAddDependencies(graph, from.data(), to.data(), from.size());
  if (api_.cuGraphAddDependencies_v2 == nullptr) return CUDA_ERROR_NOT_SUPPORTED;
  return api_.cuGraphAddDependencies_v2(graph, from.data(), to.data(), data.data(), from.size());
}

CUresult GraphBuilder::add_level(Job& job, CUgraph graph, std::uint32_t parent) {
  for (const std::uint32_t index : job.members[job.slot(parent)]) {
    const CUresult rc = add_node(job, graph, index, job.nodes[index]);
    if (rc != CUDA_SUCCESS) {
      if (job.problem.empty())
        job.problem = "node of type " + std::to_string(job.state.nodes[index].fixed.type);
      return rc;
    }
  }
  return add_edges(job, graph, parent);
}

void GraphBuilder::build(const GraphState& state, CUcontext context, Built& built) {
  built.problem = graph_obstacle(state);
  if (!built.problem.empty()) return;
  contexts_.enter(context);
  Job job(state, context);
  CUgraph graph = nullptr;
  CUresult rc = api_.cuGraphCreate(&graph, 0);
  if (rc == CUDA_SUCCESS) rc = add_level(job, graph, trace::kNoParent);
  if (rc == CUDA_SUCCESS)
    rc = api_.cuGraphInstantiateWithFlags(
        &built.exec, graph, state.flags & CUDA_GRAPH_INSTANTIATE_FLAG_USE_NODE_PRIORITY);
  if (graph != nullptr) api_.cuGraphDestroy(graph);
  if (rc == CUDA_SUCCESS) return;
  built.exec = nullptr;
  built.problem = "its graph can't be built: " + job.problem + (job.problem.empty() ? "" : ": ") +
                  result_name(api_, rc);
}

bool GraphBuilder::is_built(const GraphState& state) const {
  const auto found = built_.find(state.exec);
  return found != built_.end() && found->second.serial == state.serial;
}

CUgraphExec GraphBuilder::exec(const GraphState& state, CUcontext context, std::string& problem) {
  Built& built = built_[state.exec];
  if (built.serial != state.serial) {
    if (built.exec != nullptr) api_.cuGraphExecDestroy(built.exec);
    built = {};
    built.serial = state.serial;
    build(state, context, built);
  }
  problem = built.problem;
  return built.exec;
}

void GraphBuilder::reset() {
  for (const auto& [id, built] : built_)
    if (built.exec != nullptr) api_.cuGraphExecDestroy(built.exec);
  built_.clear();
}

}  // namespace fib::replayer
