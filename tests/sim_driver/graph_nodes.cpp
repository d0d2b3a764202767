// SPDX-License-Identifier: Apache-2.0
// Adding nodes, and their parameters.
#include <cstring>

#include "tests/sim_driver/driver.h"
#include "tests/sim_driver/memory.h"

namespace fib::sim {
namespace {

void add(Call& c, CUgraphNode* out, CUgraph graph, const CUgraphNode* dependencies, size_t count,
         Work work, const CUgraphEdgeData* data = nullptr) {
  require(out && (count == 0 || dependencies));
  std::vector<Edge> edges;
  for (size_t i = 0; i < count; ++i)
    edges.push_back({dependencies[i], data ? data[i] : CUgraphEdgeData{}});
  *out =
      add_node(c.driver, *find_graph(c.driver, graph), std::move(work), std::move(edges))->handle;
}

/// Rebuilds the pointers that GetParams hands out; they live as long as the node keeps its
/// parameters.
KernelView& refresh_view(GraphNode& node, const KernelLaunch& launch) {
  KernelView& view = node.view;
  const FibsimKernel& kernel = *launch.function->kernel->entry;
  view.params.clear();
  for (uint32_t i = 0; i < kernel.param_count; ++i)
    view.params.push_back(launch.params.data() + kernel.params[i].offset);
  view.params.push_back(nullptr);
  view.extra_size = launch.params.size();
  view.extra[0] = CU_LAUNCH_PARAM_BUFFER_POINTER;
  view.extra[1] = launch.params.data();
  view.extra[2] = CU_LAUNCH_PARAM_BUFFER_SIZE;
  view.extra[3] = &view.extra_size;
  view.extra[4] = CU_LAUNCH_PARAM_END;
  return view;
}

template <class Params>
void fill_params(GraphNode& node, Params& out) {
  const KernelLaunch& launch = work_of<KernelLaunch>(node);
  KernelView& view = refresh_view(node, launch);
  out = {};
  out.func = launch.function->handle;
  out.gridDimX = launch.grid.x;
  out.gridDimY = launch.grid.y;
  out.gridDimZ = launch.grid.z;
  out.blockDimX = launch.block.x;
  out.blockDimY = launch.block.y;
  out.blockDimZ = launch.block.z;
  out.sharedMemBytes = launch.shared_bytes;
  out.kernelParams = launch.through_extra ? nullptr : view.params.data();
  out.extra = launch.through_extra ? view.extra : nullptr;
}

void get_kernel_params(GraphNode& node, CUDA_KERNEL_NODE_PARAMS* out) {
  require(out != nullptr);
  fill_params(node, *out);
  const KernelLaunch& launch = work_of<KernelLaunch>(node);
  out->ctx = launch.function->context;
  if (!launch.given_as_kernel()) return;
  out->func = nullptr;
  out->kern = reinterpret_cast<CUkernel>(launch.as_given);
}

std::vector<CUlaunchAttribute>& attributes_of(Call& c, CUgraphNode node) {
  return work_of<KernelLaunch>(*find_node(c.driver, node)).attributes;
}

bool is_node_attribute(unsigned which) {
  switch (which) {
    case CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW:
    case CU_LAUNCH_ATTRIBUTE_COOPERATIVE:
    case CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION:
    case CU_LAUNCH_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE:
    case CU_LAUNCH_ATTRIBUTE_PRIORITY:
    case CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP:
    case CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN:
    case CU_LAUNCH_ATTRIBUTE_PREFERRED_CLUSTER_DIMENSION:
    case CU_LAUNCH_ATTRIBUTE_DEVICE_UPDATABLE_KERNEL_NODE:
    case CU_LAUNCH_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
    case CU_LAUNCH_ATTRIBUTE_NVLINK_UTIL_CENTRIC_SCHEDULING: return true;
    default: return false;
  }
}

unsigned number(const CUkernelNodeAttrID& which) {
  unsigned id = 0;  // not through the enum: the application may have written anything
  std::memcpy(&id, &which, sizeof id);
  return id;
}

void get_attribute(Call& c, CUgraphNode node, CUkernelNodeAttrID which,
                   CUkernelNodeAttrValue* out) {
  require(out && is_node_attribute(number(which)));
  std::memset(out, 0, sizeof *out);
  for (const CUlaunchAttribute& attribute : attributes_of(c, node))
    if (attribute.id == which) *out = attribute.value;
}

void set_attribute(Call& c, CUgraphNode node, CUkernelNodeAttrID which,
                   const CUkernelNodeAttrValue* value) {
  require(value && is_node_attribute(number(which)));
  auto& attributes = attributes_of(c, node);
  std::erase_if(attributes,
                [&](const CUlaunchAttribute& attribute) { return attribute.id == which; });
  CUlaunchAttribute attribute{};
  attribute.id = which;
  attribute.value = *value;
  attributes.push_back(attribute);
}

MemAlloc allocation_for(Call& c, CUDA_MEM_ALLOC_NODE_PARAMS* params) {
  const ContextPtr context = c.context();
  require(params && params->bytesize > 0);
  const Allocation range =
      allocate_device(c.driver, *context, params->bytesize, MemoryKind::device);
  params->dptr = range.base;
  Driver* const driver = &c.driver;
  return {*params, std::shared_ptr<const void>(pointer(range.base), [driver, range](const void*) {
            free_allocation(*driver, range);
          })};
}

MemFree free_of(CUdeviceptr address) {
  require(address != 0);
  return {address};
}

template <class T>
const T& given(const T* params) {
  require(params != nullptr);
  return *params;
}

HostCall host_from(const CUDA_HOST_NODE_PARAMS* params) {
  require(params && params->fn);
  return {params->fn, params->userData};
}

}  // namespace

#define SIM_ADD_NODE(symbol, extra_parameters, made)                          \
  SIM_API(symbol,                                                             \
          (CUgraphNode * out, CUgraph graph, const CUgraphNode* dependencies, \
           size_t count FIBSIM_UNPACK extra_parameters),                      \
          add(c, out, graph, dependencies, count, made))
#define FIBSIM_UNPACK(...) __VA_OPT__(, ) __VA_ARGS__

SIM_ADD_NODE(cuGraphAddKernelNode, (const CUDA_KERNEL_NODE_PARAMS_v1* params),
             launch_from(c, given(params)))
SIM_ADD_NODE(cuGraphAddKernelNode_v2, (const CUDA_KERNEL_NODE_PARAMS* params),
             launch_from(c, given(params)))
SIM_ADD_NODE(cuGraphAddMemcpyNode, (const CUDA_MEMCPY3D* params, CUcontext context),
             copy_from(c, given(params), context))
SIM_ADD_NODE(cuGraphAddMemsetNode, (const CUDA_MEMSET_NODE_PARAMS* params, CUcontext context),
             memset_from(c, given(params), context))
SIM_ADD_NODE(cuGraphAddHostNode, (const CUDA_HOST_NODE_PARAMS* params), host_from(params))
SIM_ADD_NODE(cuGraphAddChildGraphNode, (CUgraph child), child_from(c, child))
SIM_ADD_NODE(cuGraphAddEmptyNode, (), Empty{})
SIM_ADD_NODE(cuGraphAddEventRecordNode, (CUevent event), EventRecord{find_event(c.driver, event)})
SIM_ADD_NODE(cuGraphAddEventWaitNode, (CUevent event), EventWait{find_event(c.driver, event)})
SIM_ADD_NODE(cuGraphAddBatchMemOpNode, (const CUDA_BATCH_MEM_OP_NODE_PARAMS* params),
             mem_ops_from(c, given(params)))
SIM_ADD_NODE(cuGraphAddMemAllocNode, (CUDA_MEM_ALLOC_NODE_PARAMS * params),
             allocation_for(c, params))
SIM_ADD_NODE(cuGraphAddMemFreeNode, (CUdeviceptr address), free_of(address))
SIM_ADD_NODE(cuGraphAddNode, (CUgraphNodeParams * params), work_from(c, given(params)))

SIM_API(cuGraphAddNode_v2,
        (CUgraphNode * out, CUgraph graph, const CUgraphNode* dependencies,
         const CUgraphEdgeData* data, size_t count, CUgraphNodeParams* params),
        add(c, out, graph, dependencies, count, work_from(c, given(params)), data))

SIM_API(cuGraphKernelNodeGetParams, (CUgraphNode node, CUDA_KERNEL_NODE_PARAMS_v1* out),
        require(out != nullptr);
        fill_params(*find_node(c.driver, node), *out))
SIM_API(cuGraphKernelNodeGetParams_v2, (CUgraphNode node, CUDA_KERNEL_NODE_PARAMS* out),
        get_kernel_params(*find_node(c.driver, node), out))
SIM_API(cuGraphMemcpyNodeGetParams, (CUgraphNode node, CUDA_MEMCPY3D* out),
        store(out, work_of<Copy>(*find_node(c.driver, node)).what))
SIM_API(cuGraphMemsetNodeGetParams, (CUgraphNode node, CUDA_MEMSET_NODE_PARAMS* out),
        store(out, work_of<Memset>(*find_node(c.driver, node)).what))
SIM_API(cuGraphHostNodeGetParams, (CUgraphNode node, CUDA_HOST_NODE_PARAMS* out), {
  const HostCall& host = work_of<HostCall>(*find_node(c.driver, node));
  require(out != nullptr);
  out->fn = host.function;
  out->userData = host.data;
})
// The list lives as long as the node keeps its parameters.
SIM_API(cuGraphBatchMemOpNodeGetParams, (CUgraphNode node, CUDA_BATCH_MEM_OP_NODE_PARAMS* out), {
  MemOps& ops = work_of<MemOps>(*find_node(c.driver, node));
  require(out != nullptr);
  *out = {c.context()->handle, static_cast<unsigned>(ops.list.size()), ops.list.data(), 0};
})
SIM_API(cuGraphMemAllocNodeGetParams, (CUgraphNode node, CUDA_MEM_ALLOC_NODE_PARAMS* out),
        store(out, work_of<MemAlloc>(*find_node(c.driver, node)).what))
SIM_API(cuGraphMemFreeNodeGetParams, (CUgraphNode node, CUdeviceptr* out),
        store(out, work_of<MemFree>(*find_node(c.driver, node)).address))
SIM_API(cuGraphChildGraphNodeGetGraph, (CUgraphNode node, CUgraph* out),
        store(out, work_of<ChildGraph>(*find_node(c.driver, node)).graph->handle))
SIM_API(cuGraphEventRecordNodeGetEvent, (CUgraphNode node, CUevent* out),
        store(out, work_of<EventRecord>(*find_node(c.driver, node)).event->handle))
SIM_API(cuGraphEventWaitNodeGetEvent, (CUgraphNode node, CUevent* out),
        store(out, work_of<EventWait>(*find_node(c.driver, node)).event->handle))

#define SIM_SET_PARAMS(symbol, parameter, made)  \
  SIM_API(symbol, (CUgraphNode node, parameter), \
          replace_work(find_node(c.driver, node)->work, made))

SIM_SET_PARAMS(cuGraphKernelNodeSetParams, const CUDA_KERNEL_NODE_PARAMS_v1* params,
               launch_from(c, given(params)))
SIM_SET_PARAMS(cuGraphKernelNodeSetParams_v2, const CUDA_KERNEL_NODE_PARAMS* params,
               launch_from(c, given(params)))
SIM_SET_PARAMS(cuGraphMemcpyNodeSetParams, const CUDA_MEMCPY3D* params,
               copy_from(c, given(params), nullptr))
SIM_SET_PARAMS(cuGraphMemsetNodeSetParams, const CUDA_MEMSET_NODE_PARAMS* params,
               memset_from(c, given(params), nullptr))
SIM_SET_PARAMS(cuGraphHostNodeSetParams, const CUDA_HOST_NODE_PARAMS* params, host_from(params))
SIM_SET_PARAMS(cuGraphBatchMemOpNodeSetParams, const CUDA_BATCH_MEM_OP_NODE_PARAMS* params,
               mem_ops_from(c, given(params)))
SIM_SET_PARAMS(cuGraphEventRecordNodeSetEvent, CUevent event,
               EventRecord{find_event(c.driver, event)})
SIM_SET_PARAMS(cuGraphEventWaitNodeSetEvent, CUevent event, EventWait{find_event(c.driver, event)})
SIM_SET_PARAMS(cuGraphNodeSetParams, CUgraphNodeParams* params, work_from(c, given(params)))

SIM_API(cuGraphKernelNodeGetAttribute,
        (CUgraphNode node, CUkernelNodeAttrID which, CUkernelNodeAttrValue* out),
        get_attribute(c, node, which, out))
SIM_API(cuGraphKernelNodeSetAttribute,
        (CUgraphNode node, CUkernelNodeAttrID which, const CUkernelNodeAttrValue* value),
        set_attribute(c, node, which, value))
SIM_API(cuGraphKernelNodeCopyAttributes, (CUgraphNode to, CUgraphNode from),
        attributes_of(c, to) = attributes_of(c, from))

}  // namespace fib::sim
