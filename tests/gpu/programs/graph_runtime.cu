// SPDX-License-Identifier: Apache-2.0
// Graphs built node by node through the runtime: memset, memcpy, kernel, child graph and memory
// nodes; then changed after instantiation by parameter, by switching a node off, and by a whole-
// graph update.
#include "check.h"

namespace {

constexpr int kCount = 256;

__global__ void add(int* data, int value) { data[threadIdx.x] += value; }
__global__ void twice(int* data) { data[threadIdx.x] *= 2; }

cudaGraphNode_t add_kernel(cudaGraph_t graph, cudaGraphNode_t after, void* kernel,
                           void** arguments) {
  cudaKernelNodeParams params{};
  params.func = kernel;
  params.gridDim = dim3(1);
  params.blockDim = dim3(kCount);
  params.kernelParams = arguments;
  cudaGraphNode_t node = nullptr;
  CHECK_RT(cudaGraphAddKernelNode(&node, graph, after ? &after : nullptr, after ? 1 : 0, &params));
  return node;
}

cudaGraphNode_t add_memset(cudaGraph_t graph, void* data, unsigned value) {
  cudaMemsetParams params{};
  params.dst = data;
  params.elementSize = 4;
  params.width = kCount;
  params.height = 1;
  params.value = value;
  cudaGraphNode_t node = nullptr;
  CHECK_RT(cudaGraphAddMemsetNode(&node, graph, nullptr, 0, &params));
  return node;
}

/// A graph that sets `data` to `start`, adds `value`, doubles it in a child graph and copies it to
/// `host`.
struct Built {
  cudaGraph_t graph;
  cudaGraphNode_t kernel;
};

Built build(int* data, int* host, unsigned start, int value) {
  Built built{};
  cudaGraph_t child = nullptr;
  CHECK_RT(cudaGraphCreate(&child, 0));
  void* child_arguments[] = {&data};
  add_kernel(child, nullptr, reinterpret_cast<void*>(twice), child_arguments);

  CHECK_RT(cudaGraphCreate(&built.graph, 0));
  const cudaGraphNode_t memset = add_memset(built.graph, data, start);
  void* arguments[] = {&data, &value};
  built.kernel = add_kernel(built.graph, memset, reinterpret_cast<void*>(add), arguments);
  cudaGraphNode_t doubled = nullptr, copied = nullptr;
  CHECK_RT(cudaGraphAddChildGraphNode(&doubled, built.graph, &built.kernel, 1, child));
  CHECK_RT(cudaGraphAddMemcpyNode1D(&copied, built.graph, &doubled, 1, host, data,
                                    kCount * sizeof(int), cudaMemcpyDeviceToHost));
  CHECK_RT(cudaGraphDestroy(child));
  return built;
}

void launch_and_expect(cudaGraphExec_t exec, int times, const int* host, int expected) {
  for (int i = 0; i < times; ++i) CHECK_RT(cudaGraphLaunch(exec, nullptr));
  CHECK_RT(cudaDeviceSynchronize());
  CHECK(host[0] == expected && host[kCount - 1] == expected);
}

void change_parameter(cudaGraphExec_t exec, cudaGraphNode_t node, int* data, int value) {
  void* arguments[] = {&data, &value};
  cudaKernelNodeParams params{};
  params.func = reinterpret_cast<void*>(add);
  params.gridDim = dim3(1);
  params.blockDim = dim3(kCount);
  params.kernelParams = arguments;
  CHECK_RT(cudaGraphExecKernelNodeSetParams(exec, node, &params));
}

void update_from(cudaGraphExec_t exec, cudaGraph_t graph) {
  cudaGraphExecUpdateResultInfo info{};
  CHECK_RT(cudaGraphExecUpdate(exec, graph, &info));
  CHECK(info.result == cudaGraphExecUpdateSuccess);
}

void change_after_instantiation(int* data, int* host) {
  const Built built = build(data, host, 10, 1);
  cudaGraphExec_t exec = nullptr;
  CHECK_RT(cudaGraphInstantiate(&exec, built.graph, 0));
  launch_and_expect(exec, 5, host, 22);
  change_parameter(exec, built.kernel, data, 5);
  launch_and_expect(exec, 3, host, 30);
  CHECK_RT(cudaGraphNodeSetEnabled(exec, built.kernel, 0));
  launch_and_expect(exec, 2, host, 20);
  CHECK_RT(cudaGraphNodeSetEnabled(exec, built.kernel, 1));
  launch_and_expect(exec, 1, host, 30);
  const Built other = build(data, host, 100, 7);
  update_from(exec, other.graph);
  launch_and_expect(exec, 4, host, 214);
  CHECK_RT(cudaGraphDestroy(built.graph));
  CHECK_RT(cudaGraphDestroy(other.graph));
  launch_and_expect(exec, 1, host, 214);  // an executable graph outlives what it was made from
  CHECK_RT(cudaGraphExecDestroy(exec));
}

void clone(int* data, int* host) {
  const Built built = build(data, host, 1, 2);
  cudaGraph_t copy = nullptr;
  cudaGraphExec_t first = nullptr, second = nullptr;
  CHECK_RT(cudaGraphClone(&copy, built.graph));
  CHECK_RT(cudaGraphDestroy(built.graph));
  CHECK_RT(cudaGraphInstantiate(&first, copy, 0));
  CHECK_RT(cudaGraphInstantiate(&second, copy, 0));
  launch_and_expect(first, 2, host, 6);
  launch_and_expect(second, 3, host, 6);
}

void memory_nodes() {
  cudaGraph_t graph = nullptr;
  CHECK_RT(cudaGraphCreate(&graph, 0));
  cudaMemAllocNodeParams alloc{};
  alloc.poolProps.allocType = cudaMemAllocationTypePinned;
  alloc.poolProps.location.type = cudaMemLocationTypeDevice;
  alloc.bytesize = kCount * sizeof(int);
  cudaGraphNode_t allocated = nullptr, freed = nullptr;
  CHECK_RT(cudaGraphAddMemAllocNode(&allocated, graph, nullptr, 0, &alloc));
  void* arguments[] = {&alloc.dptr};
  const cudaGraphNode_t kernel =
      add_kernel(graph, allocated, reinterpret_cast<void*>(twice), arguments);
  CHECK_RT(cudaGraphAddMemFreeNode(&freed, graph, &kernel, 1, alloc.dptr));
  cudaGraphExec_t exec = nullptr;
  CHECK_RT(cudaGraphInstantiate(&exec, graph, 0));
  for (int i = 0; i < 3; ++i) CHECK_RT(cudaGraphLaunch(exec, nullptr));
  CHECK_RT(cudaDeviceSynchronize());
}

}  // namespace

int main() {
  auto* data = device_zeros<int>(kCount);
  int* host = nullptr;
  CHECK_RT(cudaMallocHost(&host, kCount * sizeof(int)));
  change_after_instantiation(data, host);
  clone(data, host);
  memory_nodes();
  return succeed();
}
