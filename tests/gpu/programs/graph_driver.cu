// SPDX-License-Identifier: Apache-2.0
// Graphs built through the driver API: kernel nodes of both interfaces, memset, memcpy, event,
// empty, host and child nodes, edges added later; cloned, updated and changed in every way that the
// driver offers.
#include <atomic>

#include "driver_check.h"

namespace {

std::atomic<int> host_calls{0};

void count_call(void*) { ++host_calls; }

CUDA_KERNEL_NODE_PARAMS add_params(CUfunction add, void** arguments) {
  CUDA_KERNEL_NODE_PARAMS params{};
  params.func = add;
  params.gridDimX = params.gridDimY = params.gridDimZ = 1;
  params.blockDimX = kInts;
  params.blockDimY = params.blockDimZ = 1;
  params.kernelParams = arguments;
  return params;
}

CUgraphNode add_kernel(CUgraph graph, CUgraphNode after, CUfunction add, CUdeviceptr data,
                       int value) {
  void* arguments[] = {&data, &value};
  const CUDA_KERNEL_NODE_PARAMS params = add_params(add, arguments);
  CUgraphNode node = nullptr;
  CHECK_DRV(cuGraphAddKernelNode(&node, graph, after ? &after : nullptr, after ? 1 : 0, &params));
  return node;
}

/// The same through the interface that takes every kind of node.
CUgraphNode add_generic_kernel(CUgraph graph, CUfunction add, CUdeviceptr data, int value) {
  void* arguments[] = {&data, &value};
  CUgraphNodeParams params{};
  params.type = CU_GRAPH_NODE_TYPE_KERNEL;
  params.kernel.func = add;
  params.kernel.gridDimX = params.kernel.gridDimY = params.kernel.gridDimZ = 1;
  params.kernel.blockDimX = kInts;
  params.kernel.blockDimY = params.kernel.blockDimZ = 1;
  params.kernel.kernelParams = arguments;
  CUgraphNode node = nullptr;
  CHECK_DRV(cuGraphAddNode(&node, graph, nullptr, nullptr, 0, &params));
  return node;
}

CUgraphNode add_memset(CUgraph graph, CUcontext context, CUdeviceptr data) {
  CUDA_MEMSET_NODE_PARAMS params{};
  params.dst = data;
  params.elementSize = 4;
  params.width = kInts;
  params.height = 1;
  CUgraphNode node = nullptr;
  CHECK_DRV(cuGraphAddMemsetNode(&node, graph, nullptr, 0, &params, context));
  return node;
}

void add_host_and_event(CUgraph graph, CUgraphNode after) {
  CUevent event = nullptr;
  CUgraphNode recorded = nullptr, called = nullptr, empty = nullptr;
  CHECK_DRV(cuEventCreate(&event, CU_EVENT_DISABLE_TIMING));
  CHECK_DRV(cuGraphAddEventRecordNode(&recorded, graph, &after, 1, event));
  const CUDA_HOST_NODE_PARAMS host{count_call, nullptr};
  CHECK_DRV(cuGraphAddHostNode(&called, graph, &recorded, 1, &host));
  CHECK_DRV(cuGraphAddEmptyNode(&empty, graph, &called, 1));
}

struct Built {
  CUgraph graph;
  CUgraphNode first, generic;
};

/// memset -> add 1 -> (generic) add 10 -> child graph: add 100 -> event, host, empty
Built build(CUcontext context, CUfunction add, CUdeviceptr data) {
  Built built{};
  CUgraph child = nullptr;
  CHECK_DRV(cuGraphCreate(&child, 0));
  add_kernel(child, nullptr, add, data, 100);
  CHECK_DRV(cuGraphCreate(&built.graph, 0));
  built.first = add_kernel(built.graph, add_memset(built.graph, context, data), add, data, 1);
  built.generic = add_generic_kernel(built.graph, add, data, 10);
  CHECK_DRV(cuGraphAddDependencies(built.graph, &built.first, &built.generic, nullptr, 1));
  CUgraphNode node = nullptr;
  CHECK_DRV(cuGraphAddChildGraphNode(&node, built.graph, &built.generic, 1, child));
  add_host_and_event(built.graph, node);
  CHECK_DRV(cuGraphDestroy(child));
  return built;
}

void launch_and_expect(CUgraphExec exec, int times, CUdeviceptr data, int expected) {
  for (int i = 0; i < times; ++i) CHECK_DRV(cuGraphLaunch(exec, nullptr));
  CHECK(ints_equal(data, expected));
}

void set_first(const Built& built, CUfunction add, CUdeviceptr data, int value) {
  void* arguments[] = {&data, &value};
  const CUDA_KERNEL_NODE_PARAMS params = add_params(add, arguments);
  CHECK_DRV(cuGraphKernelNodeSetParams(built.first, &params));
}

void change_exec(CUgraphExec exec, const Built& built, CUfunction add, CUdeviceptr data) {
  int value = 3;
  void* arguments[] = {&data, &value};
  const CUDA_KERNEL_NODE_PARAMS params = add_params(add, arguments);
  CHECK_DRV(cuGraphExecKernelNodeSetParams(exec, built.first, &params));
  launch_and_expect(exec, 2, data, 113);
  CUgraphNodeParams generic{};
  generic.type = CU_GRAPH_NODE_TYPE_KERNEL;
  CHECK_DRV(cuGraphKernelNodeGetParams(
      built.generic, reinterpret_cast<CUDA_KERNEL_NODE_PARAMS*>(&generic.kernel)));
  value = 20;
  generic.kernel.kernelParams = arguments;
  CHECK_DRV(cuGraphExecNodeSetParams(exec, built.generic, &generic));
  launch_and_expect(exec, 2, data, 123);
  CHECK_DRV(cuGraphNodeSetEnabled(exec, built.generic, 0));
  launch_and_expect(exec, 2, data, 103);
}

void use_stream_with_upload(CUgraphExec exec, CUdeviceptr data, int expected) {
  CUstream stream = nullptr;
  CHECK_DRV(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  CHECK_DRV(cuGraphUpload(exec, stream));
  CHECK_DRV(cuGraphLaunch(exec, stream));
  CHECK(ints_equal(data, expected));
}

}  // namespace

int main() {
  const CUcontext context = use_primary_context();
  const CUdeviceptr data = zeroed_ints();
  CUmodule module = nullptr;
  CHECK_DRV(cuModuleLoadData(&module, image("images.cubin").data()));
  const CUfunction add = function(module, "add");
  const Built built = build(context, add, data);
  CUgraph copy = nullptr;
  CUgraphExec exec = nullptr, of_copy = nullptr;
  CHECK_DRV(cuGraphInstantiate(&exec, built.graph, 0));
  CHECK_DRV(cuGraphClone(&copy, built.graph));
  CUDA_GRAPH_INSTANTIATE_PARAMS how{};
  CHECK_DRV(cuGraphInstantiateWithParams(&of_copy, copy, &how));
  launch_and_expect(exec, 3, data, 111);
  launch_and_expect(of_copy, 2, data, 111);
  change_exec(exec, built, add, data);

  set_first(built, add, data, 5);  // touches the graph, not what was instantiated from it
  launch_and_expect(of_copy, 1, data, 111);
  CUgraphExecUpdateResultInfo result{};
  CHECK_DRV(cuGraphExecUpdate(of_copy, built.graph, &result));
  use_stream_with_upload(of_copy, data, 115);
  CHECK(host_calls == 13);
  return succeed();
}
