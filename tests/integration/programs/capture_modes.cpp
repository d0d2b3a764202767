// SPDX-License-Identifier: Apache-2.0
// Stream capture in its three modes with forked streams; another thread launches all the while,
// which must not spoil a capture, not even a GLOBAL one.
#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

namespace {

std::atomic<bool> stop{false};
std::atomic<int> launched{0};

/// Loads and launches, and nothing else: all of it is legal while another thread captures. A shim
/// that synchronises, allocates or queries behind these calls kills the capture.
void bystander(CUcontext context, Guarded<int>& a) {
  CU(cuCtxSetCurrent(context));
  CUstream stream = nullptr;
  CU(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  std::vector<std::unique_ptr<Module>> modules;
  while (!stop.load()) {
    if (modules.size() < 200) modules.push_back(std::make_unique<Module>("it_basic"));
    const CUfunction add = modules.back()->function(kAdd);
    for (int i = 0; i < 20; ++i) launch(add, kAdd, Shape{}, stream, a.data(), 1, 1);
    launched.fetch_add(1);
  }
  CU(cuStreamSynchronize(stream));
  CU(cuStreamDestroy(stream));
}

CUgraph capture(CUstreamCaptureMode mode, CUfunction add, CUfunction twice, Guarded<int>& a,
                Guarded<int>& b) {
  CUstream main = nullptr, side = nullptr;
  CUevent fork = nullptr, join = nullptr;
  CU(cuStreamCreate(&main, CU_STREAM_NON_BLOCKING));
  CU(cuStreamCreate(&side, CU_STREAM_NON_BLOCKING));
  CU(cuEventCreate(&fork, CU_EVENT_DISABLE_TIMING));
  CU(cuEventCreate(&join, CU_EVENT_DISABLE_TIMING));
  CU(cuStreamBeginCapture(main, mode));
  launch(add, kAdd, Shape{}, main, a.data(), 1, 3);
  CU(cuEventRecord(fork, main));
  CU(cuStreamWaitEvent(side, fork, 0));
  launch(add, kAdd, Shape{}, side, b.data(), 1, 5);
  CU(cuMemsetD32Async(b.address(), 11, 1, side));
  CU(cuEventRecord(join, side));
  launch(twice, kTwice, Shape{}, main, a.data(), 1);
  CU(cuStreamWaitEvent(main, join, 0));
  CU(cuMemcpyDtoDAsync(b.address() + 4, a.address(), 4, main));
  CUstreamCaptureStatus status{};
  CU(cuStreamIsCapturing(main, &status));
  FIB_CHECK(status == CU_STREAM_CAPTURE_STATUS_ACTIVE);
  CUgraph graph = nullptr;
  CU(cuStreamEndCapture(main, &graph));
  FIB_CHECK(graph != nullptr);
  CU(cuStreamDestroy(main));
  CU(cuStreamDestroy(side));
  CU(cuEventDestroy(fork));
  CU(cuEventDestroy(join));
  return graph;
}

/// cuCtxSynchronize is never legal while somebody captures; here nobody does any more.
void replay(CUgraph graph, Guarded<int>& a, Guarded<int>& b, int launches) {
  CUgraphExec exec = nullptr;
  CU(cuGraphInstantiateWithFlags(&exec, graph, 0));
  CU(cuMemsetD32(a.address(), 0, 1));
  CU(cuCtxSynchronize());
  for (int i = 0; i < launches; ++i) CU(cuGraphLaunch(exec, nullptr));
  CU(cuCtxSynchronize());
  int expected = 0;
  for (int i = 0; i < launches; ++i) expected = (expected + 3) * 2;
  FIB_CHECK(a.first() == expected);
  FIB_CHECK(b.read()[0] == 11 && b.read()[1] == expected);
  CU(cuGraphExecDestroy(exec));
  CU(cuGraphDestroy(graph));
}

}  // namespace

int main() {
  start();
  CUcontext context = nullptr;
  CU(cuCtxGetCurrent(&context));
  {
    const Module module("it_basic");
    const CUfunction add = module.function(kAdd), twice = module.function(kTwice);
    Guarded<int> a(1), b(2), other(1);
    std::thread thread(bystander, context, std::ref(other));
    while (launched.load() == 0) std::this_thread::yield();
    for (const auto mode : {CU_STREAM_CAPTURE_MODE_GLOBAL, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL,
                            CU_STREAM_CAPTURE_MODE_RELAXED}) {
      for (int i = 0; i < 10; ++i) replay(capture(mode, add, twice, a, b), a, b, 2);
    }
    stop = true;
    thread.join();
  }
  return finish();
}
