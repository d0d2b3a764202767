// SPDX-License-Identifier: Apache-2.0
// Parameters of graph nodes that are no kernels, with the addresses of this process.
#include <cstddef>
#include <cstring>

#include "replayer/copy_endpoints.h"
#include "replayer/graph_builder.h"

namespace fib::replayer {
namespace {

template <class T>
T read(const std::vector<std::byte>& bytes, std::size_t offset) {
  T value{};
  if (bytes.size() >= offset)
    std::memcpy(&value, bytes.data() + offset, std::min(sizeof value, bytes.size() - offset));
  return value;
}

/// Parameters may come from cuGraphExecNodeSetParams: then they are a whole union.
constexpr std::size_t kUnionBytes = sizeof(CUgraphNodeParams) - offsetof(CUgraphNodeParams, memcpy);

}  // namespace

CUDA_MEMCPY3D GraphBuilder::memcpy_params(const GraphNodePlan& node) {
  const bool whole = node.params.size() == kUnionBytes;
  auto copy = read<CUDA_MEMCPY3D>(
      node.params, whole ? offsetof(CUDA_MEMCPY_NODE_PARAMS, copyParams) : std::size_t{0});
  // Ordinary host memory is not where it was: a mirror gets what is known of it.
  const auto mirrored = [&](std::uint64_t address, std::uint64_t bytes) {
    if (memory_.is_device(address)) return memory_.rebased(address);
    if (memory_.is_host(address)) return address;
    return static_cast<std::uint64_t>(
        reinterpret_cast<std::uintptr_t>(buffers_.mirror(address, bytes)));
  };
  replace_endpoints(copy, mirrored, mirrored);
  return copy;
}

CUDA_MEMSET_NODE_PARAMS GraphBuilder::memset_params(const GraphNodePlan& node) {
  auto params = read<CUDA_MEMSET_NODE_PARAMS>(node.params, 0);
  params.dst = memory_.rebased(params.dst);
  return params;
}

std::uint64_t GraphBuilder::event_of(const GraphNodePlan& node) {
  return read<std::uint64_t>(node.params, 0);
}

std::vector<CUstreamBatchMemOpParams> GraphBuilder::memops_of(const GraphNodePlan& node) {
  const auto head = read<CUDA_BATCH_MEM_OP_NODE_PARAMS>(node.params, 0);
  const std::size_t most = (node.params.size() - std::min(node.params.size(), sizeof head)) /
                           sizeof(CUstreamBatchMemOpParams);
  std::vector<CUstreamBatchMemOpParams> ops(std::min<std::size_t>(head.count, most));
  if (!ops.empty())
    std::memcpy(ops.data(), node.params.data() + sizeof head,
                ops.size() * sizeof(CUstreamBatchMemOpParams));
  return ops;
}

std::string graph_obstacle(const GraphState& state) {
  if (!state.nodes.empty() && state.order.empty())
    return "its graph makes no sense: the log is damaged";
  for (const GraphNodePlan& node : state.nodes) {
    if (!node.enabled) continue;
    if ((node.fixed.flags & trace::kNodeParamsUnknown) != 0)
      return "a node of its graph could not be recorded";
    switch (node.fixed.type) {
      case CU_GRAPH_NODE_TYPE_HOST: return "its graph calls a host function";
      case CU_GRAPH_NODE_TYPE_CONDITIONAL: return "its graph has a conditional node";
      case CU_GRAPH_NODE_TYPE_EXT_SEMAS_SIGNAL:
      case CU_GRAPH_NODE_TYPE_EXT_SEMAS_WAIT: return "its graph uses external semaphores";
      case CU_GRAPH_NODE_TYPE_KERNEL:
      case CU_GRAPH_NODE_TYPE_MEMCPY:
      case CU_GRAPH_NODE_TYPE_MEMSET:
      case CU_GRAPH_NODE_TYPE_GRAPH:
      case CU_GRAPH_NODE_TYPE_EMPTY:
      case CU_GRAPH_NODE_TYPE_WAIT_EVENT:
      case CU_GRAPH_NODE_TYPE_EVENT_RECORD:
      case CU_GRAPH_NODE_TYPE_MEM_ALLOC:
      case CU_GRAPH_NODE_TYPE_MEM_FREE:
      case CU_GRAPH_NODE_TYPE_BATCH_MEM_OP: break;
      default: return "its graph has a node of type " + std::to_string(node.fixed.type);
    }
  }
  return {};
}

}  // namespace fib::replayer
