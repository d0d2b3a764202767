// SPDX-License-Identifier: Apache-2.0
// Host functions and callbacks between kernels, in a stream and inside a captured graph.
#include <atomic>

#include "check.h"

namespace {

std::atomic<int> calls{0};

__global__ void add_one(int* slot) { *slot += 1; }

void CUDART_CB count_call(void* counter) { static_cast<std::atomic<int>*>(counter)->fetch_add(1); }

void CUDART_CB count_callback(cudaStream_t, cudaError_t status, void* counter) {
  if (status == cudaSuccess) count_call(counter);
}

void enqueue(int* slot, cudaStream_t stream) {
  add_one<<<1, 1, 0, stream>>>(slot);
  CHECK_RT(cudaLaunchHostFunc(stream, count_call, &calls));
  add_one<<<1, 1, 0, stream>>>(slot);
}

cudaGraphExec_t captured(int* slot, cudaStream_t stream) {
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t exec = nullptr;
  CHECK_RT(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  enqueue(slot, stream);
  CHECK_RT(cudaStreamEndCapture(stream, &graph));
  CHECK_RT(cudaGraphInstantiate(&exec, graph, 0));
  CHECK_RT(cudaGraphDestroy(graph));
  return exec;
}

}  // namespace

int main() {
  auto* slot = device_zeros<int>(1);
  cudaStream_t stream = nullptr;
  CHECK_RT(cudaStreamCreate(&stream));
  for (int i = 0; i < 10; ++i) enqueue(slot, stream);
  CHECK_RT(cudaStreamAddCallback(stream, count_callback, &calls, 0));
  CHECK_RT(cudaStreamSynchronize(stream));
  cudaGraphExec_t exec = captured(slot, stream);
  for (int i = 0; i < 5; ++i) CHECK_RT(cudaGraphLaunch(exec, stream));
  CHECK_RT(cudaStreamSynchronize(stream));
  CHECK_RT(cudaGraphExecDestroy(exec));
  CHECK(calls == 16);
  CHECK(to_host(slot, 1)[0] == 30);
  return succeed();
}
