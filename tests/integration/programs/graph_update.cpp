// SPDX-License-Identifier: Apache-2.0
// What changes an executable graph: node parameters by each call, another graph's topology, a node
// switched off and on, a clone; and one graph instantiated twice.
#include <cstdio>

#include "support/check.h"
#include "support/graph.h"
#include "support/guarded.h"
#include "support/image.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

namespace {

CUstream stream = nullptr;

int run(CUgraphExec exec, Guarded<int>& a) {
  CU(cuMemsetD32Async(a.address(), 0, 1, stream));
  CU(cuGraphLaunch(exec, stream));
  CU(cuStreamSynchronize(stream));
  return a.first();
}

/// The kernel node's parameters are set by both calls that can do it.
void set_params(CUgraphExec exec, CUgraphNode node, CUfunction add, CUfunction twice,
                Guarded<int>& a) {
  const KernelArgs seven(add, 1, a.data(), 1, 7);
  CUDA_KERNEL_NODE_PARAMS params = seven.params();
  CU(cuGraphExecKernelNodeSetParams(exec, node, &params));
  FIB_CHECK(run(exec, a) == 7 * 2 + 1);

  const KernelArgs nothing_much(twice, 1, a.data(), 1);  // another kernel in the same node
  CUgraphNodeParams any{};
  any.type = CU_GRAPH_NODE_TYPE_KERNEL;
  params = nothing_much.params();
  any.kernel.func = params.func;
  any.kernel.gridDimX = any.kernel.gridDimY = any.kernel.gridDimZ = 1;
  any.kernel.blockDimX = any.kernel.blockDimY = any.kernel.blockDimZ = 1;
  any.kernel.kernelParams = params.kernelParams;
  CU(cuGraphExecNodeSetParams(exec, node, &any));
  FIB_CHECK(run(exec, a) == 1);
}

void switch_nodes(CUgraphExec exec, CUgraphNode node, Guarded<int>& a) {
  CU(cuGraphNodeSetEnabled(exec, node, 0));
  FIB_CHECK(run(exec, a) == 1);
  FIB_CHECK(run(exec, a) == 1);
  CU(cuGraphNodeSetEnabled(exec, node, 1));
}

void whole_update(CUgraphExec exec, CUfunction add, CUfunction twice, Guarded<int>& a) {
  CUgraph other = nullptr;
  CU(cuGraphCreate(&other, 0));
  const KernelArgs first(add, 1, a.data(), 1, 20), second(twice, 1, a.data(), 1),
      third(add, 1, a.data(), 1, 2);
  third.node(other, {second.node(other, {first.node(other, {})})});
  CUgraphExecUpdateResultInfo info{};
  CU(cuGraphExecUpdate(exec, other, &info));
  FIB_CHECK(info.result == CU_GRAPH_EXEC_UPDATE_SUCCESS);
  CU(cuGraphDestroy(other));
  FIB_CHECK(run(exec, a) == 42);

  CUgraph unlike = nullptr;
  CU(cuGraphCreate(&unlike, 0));
  first.node(unlike, {});
  CU_IS(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE, cuGraphExecUpdate(exec, unlike, &info));
  CU(cuGraphDestroy(unlike));
  FIB_CHECK(run(exec, a) == 42);
}

void clone(CUgraph graph, CUgraphNode node, CUfunction add, Guarded<int>& a) {
  CUgraph copy = nullptr;
  CU(cuGraphClone(&copy, graph));
  CUgraphNode twin = nullptr;
  CU(cuGraphNodeFindInClone(&twin, node, copy));
  const KernelArgs five(add, 1, a.data(), 1, 5);
  const CUDA_KERNEL_NODE_PARAMS params = five.params();
  CU(cuGraphKernelNodeSetParams(twin, &params));
  CUgraphExec original = nullptr, changed = nullptr;
  CU(cuGraphInstantiateWithFlags(&original, graph, 0));
  CUDA_GRAPH_INSTANTIATE_PARAMS how{};
  CU(cuGraphInstantiateWithParams(&changed, copy, &how));
  CU(cuGraphDestroy(copy));
  FIB_CHECK(run(original, a) == 3 && run(changed, a) == 11);
  CU(cuGraphExecDestroy(original));
  CU(cuGraphExecDestroy(changed));
}

}  // namespace

int main() {
  start();
  {
    const Module module("it_basic");
    const CUfunction add = module.function(kAdd), twice = module.function(kTwice);
    Guarded<int> a(1);
    CU(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    CUgraph graph = nullptr;
    CU(cuGraphCreate(&graph, 0));
    const KernelArgs one(add, 1, a.data(), 1, 1), twos(twice, 1, a.data(), 1);
    const CUgraphNode first = one.node(graph, {});
    one.node(graph, {twos.node(graph, {first})});
    clone(graph, first, add, a);
    CUgraphExec exec = nullptr;
    CU(cuGraphInstantiateWithFlags(&exec, graph, 0));
    FIB_CHECK(run(exec, a) == 3);
    set_params(exec, first, add, twice, a);
    switch_nodes(exec, first, a);
    whole_update(exec, add, twice, a);
    CU(cuGraphExecDestroy(exec));
    CU(cuGraphDestroy(graph));
    CU(cuStreamDestroy(stream));
  }
  return finish();
}
