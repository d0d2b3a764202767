// SPDX-License-Identifier: Apache-2.0
// Graphs from stream capture: work forked to a second stream and joined, kernels between captures,
// an update from a second capture, a capture into an existing graph, and one that is never
// launched.
#include "check.h"

namespace {

constexpr int kCount = 512;

__global__ void add(int* data, int value) { data[threadIdx.x] += value; }
__global__ void never_runs(int* data) { data[threadIdx.x] = -1; }

struct Streams {
  cudaStream_t main, side;
  cudaEvent_t fork, join;
};

Streams make_streams() {
  Streams s{};
  CHECK_RT(cudaStreamCreateWithFlags(&s.main, cudaStreamNonBlocking));
  CHECK_RT(cudaStreamCreateWithFlags(&s.side, cudaStreamNonBlocking));
  CHECK_RT(cudaEventCreateWithFlags(&s.fork, cudaEventDisableTiming));
  CHECK_RT(cudaEventCreateWithFlags(&s.join, cudaEventDisableTiming));
  return s;
}

/// Three kernels on the main stream and two beside them; `scratch` is only copied and set.
void enqueue(const Streams& s, int* left, int* right, int* scratch, int value) {
  add<<<1, kCount, 0, s.main>>>(left, value);
  CHECK_RT(cudaEventRecord(s.fork, s.main));
  CHECK_RT(cudaStreamWaitEvent(s.side, s.fork, 0));
  for (int i = 0; i < 2; ++i) add<<<1, kCount, 0, s.side>>>(right, value);
  CHECK_RT(cudaMemsetAsync(scratch, 0, kCount * sizeof(int), s.side));
  CHECK_RT(cudaEventRecord(s.join, s.side));
  for (int i = 0; i < 2; ++i) add<<<1, kCount, 0, s.main>>>(left, value);
  CHECK_RT(cudaStreamWaitEvent(s.main, s.join, 0));
  CHECK_RT(cudaMemcpyAsync(scratch, left, kCount * sizeof(int), cudaMemcpyDeviceToDevice, s.main));
}

cudaGraph_t capture(const Streams& s, int* left, int* right, int* scratch, int value) {
  cudaGraph_t graph = nullptr;
  CHECK_RT(cudaStreamBeginCapture(s.main, cudaStreamCaptureModeGlobal));
  enqueue(s, left, right, scratch, value);
  CHECK_RT(cudaStreamEndCapture(s.main, &graph));
  return graph;
}

void capture_and_drop(const Streams& s, int* data) {
  cudaGraph_t graph = nullptr;
  CHECK_RT(cudaStreamBeginCapture(s.main, cudaStreamCaptureModeRelaxed));
  never_runs<<<1, kCount, 0, s.main>>>(data);
  CHECK_RT(cudaStreamEndCapture(s.main, &graph));
  CHECK_RT(cudaGraphDestroy(graph));
}

/// Adds one more kernel to a graph that exists already, by capture.
cudaGraph_t capture_into_graph(const Streams& s, int* data) {
  cudaGraph_t graph = nullptr;
  CHECK_RT(cudaGraphCreate(&graph, 0));
  for (int i = 0; i < 2; ++i) {
    CHECK_RT(cudaStreamBeginCaptureToGraph(s.main, graph, nullptr, nullptr, 0,
                                           cudaStreamCaptureModeThreadLocal));
    add<<<1, kCount, 0, s.main>>>(data + i * kCount, 1);
    CHECK_RT(cudaStreamEndCapture(s.main, &graph));
  }
  return graph;
}

void launch(cudaGraphExec_t exec, cudaStream_t stream, int times) {
  for (int i = 0; i < times; ++i) CHECK_RT(cudaGraphLaunch(exec, stream));
  CHECK_RT(cudaStreamSynchronize(stream));
}

}  // namespace

int main() {
  const Streams s = make_streams();
  auto* left = device_zeros<int>(kCount);
  auto* right = device_zeros<int>(kCount);
  auto* scratch = device_zeros<int>(2 * kCount);
  auto* pair = device_zeros<int>(2 * kCount);
  CHECK_RT(cudaDeviceSynchronize());
  enqueue(s, left, right, scratch, 1);
  cudaGraphExec_t exec = nullptr;
  CHECK_RT(cudaGraphInstantiate(&exec, capture(s, left, right, scratch, 1), 0));
  launch(exec, s.main, 20);
  enqueue(s, left, right, scratch, 1);
  CHECK_RT(cudaStreamSynchronize(s.main));
  launch(exec, s.side, 3);
  capture_and_drop(s, left);
  cudaGraphExecUpdateResultInfo info{};
  CHECK_RT(cudaGraphExecUpdate(exec, capture(s, left, right, scratch, 10), &info));
  launch(exec, s.main, 2);
  cudaGraphExec_t second = nullptr;
  CHECK_RT(cudaGraphInstantiate(&second, capture_into_graph(s, pair), 0));
  launch(second, s.main, 7);

  CHECK(all_equal(to_host(left, kCount), 3 * (1 + 20 + 1 + 3 + 20)));
  CHECK(all_equal(to_host(right, kCount), 2 * (1 + 20 + 1 + 3 + 20)));
  CHECK(all_equal(to_host(pair, 2 * kCount), 7));
  return succeed();
}
