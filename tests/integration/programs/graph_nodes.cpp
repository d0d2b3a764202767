// SPDX-License-Identifier: Apache-2.0
// A graph with nodes of every kind, launched several times.
#include <cstdio>
#include <vector>

#include "support/check.h"
#include "support/graph.h"
#include "support/guarded.h"
#include "support/image.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

namespace {

int host_calls = 0;
void CUDA_CB host_function(void* add) { host_calls += *static_cast<int*>(add); }

CUgraphNode memset_node(CUgraph graph, CUcontext context, CUdeviceptr at, unsigned value,
                        size_t words) {
  CUDA_MEMSET_NODE_PARAMS params{};
  params.dst = at;
  params.elementSize = 4;
  params.value = value;
  params.width = words;
  params.height = 1;
  CUgraphNode node = nullptr;
  CU(cuGraphAddMemsetNode(&node, graph, nullptr, 0, &params, context));
  return node;
}

CUgraphNode memcpy_node(CUgraph graph, CUcontext context, const std::vector<CUgraphNode>& after,
                        CUdeviceptr from, CUdeviceptr to, size_t bytes) {
  CUDA_MEMCPY3D copy{};
  copy.srcMemoryType = copy.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  copy.srcDevice = from;
  copy.dstDevice = to;
  copy.WidthInBytes = bytes;
  copy.Height = copy.Depth = 1;
  CUgraphNode node = nullptr;
  CU(cuGraphAddMemcpyNode(&node, graph, after.data(), after.size(), &copy, context));
  return node;
}

CUgraphNode host_node(CUgraph graph, const std::vector<CUgraphNode>& after, int* add) {
  CUDA_HOST_NODE_PARAMS params{};
  params.fn = host_function;
  params.userData = add;
  CUgraphNode node = nullptr;
  CU(cuGraphAddHostNode(&node, graph, after.data(), after.size(), &params));
  return node;
}

/// The newer call, which takes nodes of any type.
CUgraphNode kernel_node_by_type(CUgraph graph, CUgraphNode after, const KernelArgs& args) {
  CUgraphNodeParams params{};
  params.type = CU_GRAPH_NODE_TYPE_KERNEL;
  CUDA_KERNEL_NODE_PARAMS kernel = args.params();
  params.kernel.func = kernel.func;
  params.kernel.gridDimX = params.kernel.gridDimY = params.kernel.gridDimZ = 1;
  params.kernel.blockDimX = kernel.blockDimX;
  params.kernel.blockDimY = params.kernel.blockDimZ = 1;
  params.kernel.kernelParams = kernel.kernelParams;
  CUgraphNode node = nullptr;
  CU(cuGraphAddNode(&node, graph, &after, nullptr, 1, &params));
  return node;
}

}  // namespace

int main() {
  start();
  CUcontext context = nullptr;
  CU(cuCtxGetCurrent(&context));
  {
    const Module module("it_basic");
    Guarded<int> a(64), b(64);
    CUgraph graph = nullptr, child = nullptr;
    CU(cuGraphCreate(&graph, 0));
    CU(cuGraphCreate(&child, 0));
    const CUgraphNode zero = memset_node(graph, context, a.address(), 3, 64);
    KernelArgs add(module.function(kAdd), 64, a.data(), 64, 4);
    const CUgraphNode added = add.node(graph, {zero});
    KernelArgs twice(module.function(kTwice), 64, a.data(), 64);
    KernelArgs in_child(module.function(kAdd), 64, a.data(), 64, 1);
    const CUgraphNode first_of_child = twice.node(child, {});
    in_child.node(child, {first_of_child});
    CUgraphNode child_node = nullptr, empty = nullptr, recorded = nullptr, waited = nullptr;
    CU(cuGraphAddChildGraphNode(&child_node, graph, &added, 1, child));
    CUevent event = nullptr, happened = nullptr;
    CU(cuEventCreate(&event, CU_EVENT_DEFAULT));
    CU(cuEventCreate(&happened, CU_EVENT_DEFAULT));
    CU(cuEventRecord(happened, nullptr));
    CU(cuGraphAddEventRecordNode(&recorded, graph, &child_node, 1, event));
    CU(cuGraphAddEventWaitNode(&waited, graph, &recorded, 1, happened));
    int one = 1;
    const CUgraphNode host = host_node(graph, {waited}, &one);
    CU(cuGraphAddEmptyNode(&empty, graph, &host, 1));
    const CUgraphNode copied = memcpy_node(graph, context, {empty}, a.address(), b.address(), 256);
    KernelArgs last(module.function(kAdd), 64, b.data(), 64, 100);
    kernel_node_by_type(graph, copied, last);

    CUgraphExec exec = nullptr;
    CU(cuGraphInstantiateWithFlags(&exec, graph, 0));
    CU(cuGraphDestroy(child));
    CUstream stream = nullptr;
    CU(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    for (int i = 0; i < 5; ++i) CU(cuGraphLaunch(exec, stream));
    CU(cuStreamSynchronize(stream));
    for (const int value : b.read()) FIB_CHECK(value == (3 + 4) * 2 + 1 + 100);
    FIB_CHECK(host_calls == 5);
    std::printf("%d\n", b.first());
    CU(cuGraphDestroy(graph));
    CU(cuGraphLaunch(exec, stream));  // lives on without its graph
    CU(cuStreamSynchronize(stream));
    CU(cuGraphExecDestroy(exec));
    CU(cuStreamDestroy(stream));
    CU(cuEventDestroy(event));
    CU(cuEventDestroy(happened));
  }
  return finish();
}
