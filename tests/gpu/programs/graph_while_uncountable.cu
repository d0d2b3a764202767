// SPDX-License-Identifier: Apache-2.0
// A WHILE node: how often its body runs is decided on the GPU, so no log of calls can hold the
// number. The audit has to report this graph as a deviation instead of counting wrongly in silence.
#include "check.h"

namespace {

__global__ void count_down(int* left, cudaGraphConditionalHandle more) {
  *left -= 1;
  cudaGraphSetConditional(more, *left > 0 ? 1 : 0);
}

cudaGraph_t add_while(cudaGraph_t graph, cudaGraphConditionalHandle handle) {
  cudaGraphNodeParams params{};
  params.type = cudaGraphNodeTypeConditional;
  params.conditional.handle = handle;
  params.conditional.type = cudaGraphCondTypeWhile;
  params.conditional.size = 1;
  cudaGraphNode_t node = nullptr;
  CHECK_RT(cudaGraphAddNode(&node, graph, nullptr, nullptr, 0, &params));
  return params.conditional.phGraph_out[0];
}

void add_body(cudaGraph_t body, int* left, cudaGraphConditionalHandle handle) {
  void* arguments[] = {&left, &handle};
  cudaKernelNodeParams params{};
  params.func = reinterpret_cast<void*>(count_down);
  params.gridDim = params.blockDim = dim3(1);
  params.kernelParams = arguments;
  cudaGraphNode_t node = nullptr;
  CHECK_RT(cudaGraphAddKernelNode(&node, body, nullptr, 0, &params));
}

}  // namespace

int main() {
  auto* left = device_zeros<int>(1);
  const int rounds = 13;
  CHECK_RT(cudaMemcpy(left, &rounds, sizeof rounds, cudaMemcpyHostToDevice));
  cudaGraph_t graph = nullptr;
  CHECK_RT(cudaGraphCreate(&graph, 0));
  cudaGraphConditionalHandle handle{};
  CHECK_RT(cudaGraphConditionalHandleCreate(&handle, graph, 1, cudaGraphCondAssignDefault));
  add_body(add_while(graph, handle), left, handle);
  cudaGraphExec_t exec = nullptr;
  CHECK_RT(cudaGraphInstantiate(&exec, graph, 0));
  CHECK_RT(cudaGraphLaunch(exec, nullptr));
  CHECK(to_host(left, 1)[0] == 0);
  return succeed();
}
