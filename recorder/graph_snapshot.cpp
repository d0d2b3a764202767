// SPDX-License-Identifier: Apache-2.0
#include "recorder/graph_snapshot.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "recorder/params.h"

namespace fib::recorder {
namespace {

using driver::DriverApi;
using trace::Deviation;

/// Attributes that a kernel node can have. Others belong to launches or streams only.
constexpr CUlaunchAttributeID kNodeAttributes[] = {
    CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW,
    CU_LAUNCH_ATTRIBUTE_COOPERATIVE,
    CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION,
    CU_LAUNCH_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE,
    CU_LAUNCH_ATTRIBUTE_PRIORITY,
    CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP,
    CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN,
    CU_LAUNCH_ATTRIBUTE_PREFERRED_CLUSTER_DIMENSION,
    CU_LAUNCH_ATTRIBUTE_DEVICE_UPDATABLE_KERNEL_NODE,
    CU_LAUNCH_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT,
    CU_LAUNCH_ATTRIBUTE_NVLINK_UTIL_CENTRIC_SCHEDULING,
};

template <class T>
std::vector<std::byte> raw(const T* values, std::size_t count) {
  const auto* begin = reinterpret_cast<const std::byte*>(values);
  return {begin, begin + count * sizeof(T)};
}

std::uint64_t number(const void* handle) noexcept {
  return reinterpret_cast<std::uintptr_t>(handle);
}

}  // namespace

SnapshotNode GraphReader::raw_node(CUgraphNode node, CUgraphNodeType type, const void* params,
                                   std::size_t bytes) {
  SnapshotNode result;
  result.fixed.type = static_cast<std::uint16_t>(type);
  result.fixed.handle = number(node);
  result.fixed.parent = trace::kNoParent;
  result.params = raw(static_cast<const std::byte*>(params), bytes);
  if (type == CU_GRAPH_NODE_TYPE_HOST) result.effect = trace::EffectReason::HostFunction;
  return result;
}

void GraphReader::mark_unknown(SnapshotNode& node) {
  node.fixed.flags |= trace::kNodeParamsUnknown;
  session_.deviation(Deviation::GraphUnreadable,
                     "the parameters of a graph node of type %u can't be read back",
                     node.fixed.type);
}

SnapshotNode GraphReader::kernel_node(CUgraphNode node, const CUDA_KERNEL_NODE_PARAMS& params) {
  SnapshotNode result = raw_node(node, CU_GRAPH_NODE_TYPE_KERNEL, nullptr, 0);
  const CUfunction handle =
      params.func != nullptr ? params.func : reinterpret_cast<CUfunction>(params.kern);
  const KernelInfo* kernel = kernels_.find(handle);
  if (kernel == nullptr) {
    mark_unknown(result);
    return result;
  }
  result.kernel = {kernel->id,
                   {params.gridDimX, params.gridDimY, params.gridDimZ},
                   {params.blockDimX, params.blockDimY, params.blockDimZ},
                   params.sharedMemBytes,
                   kernel->param_bytes,
                   0};
  result.effect = kernel->effect;
  result.params.resize(trace::padded(kernel->param_bytes));
  copy_params(result.params.data(), *kernel, params.kernelParams, params.extra);
  result.params.resize(kernel->param_bytes);
  return result;
}

void GraphReader::read_attributes(CUgraphNode node, SnapshotNode& to) {
  if (api_.cuGraphKernelNodeGetAttribute == nullptr) return;
  static constexpr CUlaunchAttributeValue kUnset{};
  for (const CUlaunchAttributeID id : kNodeAttributes) {
    CUlaunchAttribute attribute;
    std::memset(&attribute, 0, sizeof attribute);
    attribute.id = id;
    if (api_.cuGraphKernelNodeGetAttribute(node, id, &attribute.value) != CUDA_SUCCESS) continue;
    if (std::memcmp(&attribute.value, &kUnset, sizeof kUnset) == 0) continue;
    const auto bytes = raw(&attribute, 1);
    to.attributes.insert(to.attributes.end(), bytes.begin(), bytes.end());
    ++to.kernel.attribute_count;
  }
}

SnapshotNode GraphReader::read_kernel_node(CUgraphNode node) {
  CUDA_KERNEL_NODE_PARAMS params{};
  if (api_.cuGraphKernelNodeGetParams_v2 == nullptr ||
      api_.cuGraphKernelNodeGetParams_v2(node, &params) != CUDA_SUCCESS) {
    SnapshotNode result = raw_node(node, CU_GRAPH_NODE_TYPE_KERNEL, nullptr, 0);
    mark_unknown(result);
    return result;
  }
  SnapshotNode result = kernel_node(node, params);
  read_attributes(node, result);
  return result;
}

template <auto Get, class Params>
SnapshotNode GraphReader::read_params(CUgraphNode node, CUgraphNodeType type) {
  Params params;
  std::memset(&params, 0, sizeof params);  // padding too: these bytes are written down
  const auto get = api_.*Get;
  if (get != nullptr && get(node, &params) == CUDA_SUCCESS)
    return raw_node(node, type, &params, sizeof params);
  SnapshotNode result = raw_node(node, type, nullptr, 0);
  mark_unknown(result);
  return result;
}

/// The structure holds a pointer: what it points to follows it.
SnapshotNode GraphReader::read_batch_node(CUgraphNode node) {
  SnapshotNode result =
      read_params<&DriverApi::cuGraphBatchMemOpNodeGetParams, CUDA_BATCH_MEM_OP_NODE_PARAMS>(
          node, CU_GRAPH_NODE_TYPE_BATCH_MEM_OP);
  if (result.params.empty()) return result;
  CUDA_BATCH_MEM_OP_NODE_PARAMS params;
  std::memcpy(&params, result.params.data(), sizeof params);
  const auto operations = raw(params.paramArray, params.count);
  result.params.insert(result.params.end(), operations.begin(), operations.end());
  return result;
}

SnapshotNode GraphReader::read_node(CUgraphNode node) {
  CUgraphNodeType type = CU_GRAPH_NODE_TYPE_EMPTY;
  if (api_.cuGraphNodeGetType(node, &type) != CUDA_SUCCESS) {
    SnapshotNode result = raw_node(node, type, nullptr, 0);
    mark_unknown(result);
    return result;
  }
  switch (type) {
    case CU_GRAPH_NODE_TYPE_KERNEL: return read_kernel_node(node);
    case CU_GRAPH_NODE_TYPE_MEMCPY:
      return read_params<&DriverApi::cuGraphMemcpyNodeGetParams, CUDA_MEMCPY3D>(node, type);
    case CU_GRAPH_NODE_TYPE_MEMSET:
      return read_params<&DriverApi::cuGraphMemsetNodeGetParams, CUDA_MEMSET_NODE_PARAMS>(node,
                                                                                          type);
    case CU_GRAPH_NODE_TYPE_HOST:
      session_.deviation(Deviation::HostFunction, "a graph has a host function node");
      return read_params<&DriverApi::cuGraphHostNodeGetParams, CUDA_HOST_NODE_PARAMS>(node, type);
    case CU_GRAPH_NODE_TYPE_WAIT_EVENT:
      return read_params<&DriverApi::cuGraphEventWaitNodeGetEvent, CUevent>(node, type);
    case CU_GRAPH_NODE_TYPE_EVENT_RECORD:
      return read_params<&DriverApi::cuGraphEventRecordNodeGetEvent, CUevent>(node, type);
    case CU_GRAPH_NODE_TYPE_MEM_ALLOC:
      return read_params<&DriverApi::cuGraphMemAllocNodeGetParams, CUDA_MEM_ALLOC_NODE_PARAMS>(
          node, type);
    case CU_GRAPH_NODE_TYPE_MEM_FREE:
      return read_params<&DriverApi::cuGraphMemFreeNodeGetParams, CUdeviceptr>(node, type);
    case CU_GRAPH_NODE_TYPE_BATCH_MEM_OP: return read_batch_node(node);
    case CU_GRAPH_NODE_TYPE_GRAPH:
    case CU_GRAPH_NODE_TYPE_CONDITIONAL:
    case CU_GRAPH_NODE_TYPE_EMPTY: return raw_node(node, type, nullptr, 0);
    default: break;  // external semaphores, and what later drivers add
  }
  SnapshotNode result = raw_node(node, type, nullptr, 0);
  mark_unknown(result);
  return result;
}

void GraphReader::descend(CUgraphNode node, CUgraphNodeType type, std::uint32_t place,
                          std::uint16_t flags, GraphSnapshot& to) {
  if (type == CU_GRAPH_NODE_TYPE_GRAPH) {
    CUgraph child = nullptr;
    if (api_.cuGraphChildGraphNodeGetGraph(node, &child) == CUDA_SUCCESS)
      read_level(child, place, flags, to);
    else
      mark_unknown(to.nodes[place]);
    return;
  }
  if (type != CU_GRAPH_NODE_TYPE_CONDITIONAL) return;
  session_.deviation(
      Deviation::ConditionalGraph,
      "a graph has a conditional node: how often its body runs is decided on the GPU");
  for (const CUgraph body : bodies_(node))
    read_level(body, place, flags | trace::kNodeConditionalBody, to);
}

void GraphReader::read_edges(CUgraph graph, const std::vector<CUgraphNode>& handles,
                             const std::vector<std::uint32_t>& places, GraphSnapshot& to) {
  std::unordered_map<CUgraphNode, std::uint32_t> place_of;
  for (std::size_t i = 0; i < handles.size(); ++i) place_of[handles[i]] = places[i];
  const bool has_data = api_.cuGraphGetEdges_v2 != nullptr;
  const auto get = [&](CUgraphNode* from, CUgraphNode* into, CUgraphEdgeData* data,
                       std::size_t* n) {
    return has_data ? api_.cuGraphGetEdges_v2(graph, from, into, data, n)
                    : api_.cuGraphGetEdges(graph, from, into, n);
  };
  std::size_t count = 0;
  if (get(nullptr, nullptr, nullptr, &count) != CUDA_SUCCESS || count == 0) return;
  std::vector<CUgraphNode> from(count), into(count);
  std::vector<CUgraphEdgeData> data(count);
  if (get(from.data(), into.data(), data.data(), &count) != CUDA_SUCCESS) return;
  for (std::size_t i = 0; i < count; ++i)
    to.edges.push_back({place_of[from[i]],
                        place_of[into[i]],
                        data[i].from_port,
                        data[i].to_port,
                        data[i].type,
                        {}});
}

void GraphReader::read_level(CUgraph graph, std::uint32_t parent, std::uint16_t flags,
                             GraphSnapshot& to) {
  std::size_t count = 0;
  if (api_.cuGraphGetNodes(graph, nullptr, &count) != CUDA_SUCCESS || count == 0) return;
  std::vector<CUgraphNode> handles(count);
  if (api_.cuGraphGetNodes(graph, handles.data(), &count) != CUDA_SUCCESS) return;
  std::vector<std::uint32_t> places;
  for (const CUgraphNode handle : handles) {
    const auto place = static_cast<std::uint32_t>(to.nodes.size());
    places.push_back(place);
    to.nodes.push_back(read_node(handle));
    to.nodes.back().fixed.parent = parent;
    to.nodes.back().fixed.flags |= flags;
    descend(handle, static_cast<CUgraphNodeType>(to.nodes.back().fixed.type), place, flags, to);
  }
  read_edges(graph, handles, places, to);
}

GraphSnapshot GraphReader::read(CUgraph graph) {
  GraphSnapshot snapshot;
  read_level(graph, trace::kNoParent, 0, snapshot);
  return snapshot;
}

}  // namespace fib::recorder
