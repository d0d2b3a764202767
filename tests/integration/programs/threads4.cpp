// SPDX-License-Identifier: Apache-2.0
// Four threads, each with a stream and memory of its own, allocate, feed, launch and free at once;
// each waits on the GPU for what its neighbour did in the step before.
#include <barrier>
#include <cstdio>
#include <functional>
#include <thread>
#include <vector>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "tests/integration/kernels/params.h"
#include "tests/integration/kernels/replay.h"

using namespace fib::test;

namespace {

constexpr int kThreads = 4, kSteps = 10, kValues = 256;

struct Shared {
  CUcontext context = nullptr;
  CUfunction add = nullptr, accumulate = nullptr;
  CUevent done[kThreads] = {};
  Guarded<int>* results[kThreads] = {};
  std::barrier<> step{kThreads};
};

void launch(CUfunction function, CUstream stream, void** params) {
  CU(cuLaunchKernel(function, 1, 1, 1, kValues, 1, 1, 0, stream, params, nullptr));
}

void one_step(Shared& shared, int me, int step, CUstream stream) {
  const int neighbour = (me + 1) % kThreads;
  std::vector<int> input(kValues, me * 100 + step);
  CUdeviceptr scratch = 0;
  CU(cuMemAllocAsync(&scratch, kValues * sizeof(int), stream));
  CU(cuMemcpyHtoDAsync(scratch, input.data(), kValues * sizeof(int), stream));
  CU(cuStreamWaitEvent(stream, shared.done[neighbour], 0));
  int* theirs = shared.results[neighbour]->data();
  int* mine = shared.results[me]->data();
  int n = kValues, value = 1;
  int* from = reinterpret_cast<int*>(scratch);
  void* add[] = {&from, &n, &value};
  launch(shared.add, stream, add);
  if (step % 2 == me % 2) {  // reads what the neighbour does not write in this step
    void* take[] = {&mine, &theirs, &n};
    launch(shared.accumulate, stream, take);
    void* keep[] = {&mine, &from, &n};
    launch(shared.accumulate, stream, keep);
  }
  CU(cuMemFreeAsync(scratch, stream));
}

void work(Shared& shared, int me) {
  CU(cuCtxSetCurrent(shared.context));
  CUstream stream = nullptr;
  CU(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  for (int step = 0; step < kSteps; ++step) {
    one_step(shared, me, step, stream);
    CU(cuStreamSynchronize(stream));
    shared.step.arrive_and_wait();
    CU(cuEventRecord(shared.done[me], stream));
    shared.step.arrive_and_wait();
  }
  CU(cuStreamDestroy(stream));
}

}  // namespace

int main() {
  start();
  {
    Shared shared;
    CU(cuCtxGetCurrent(&shared.context));
    const Module basic("it_basic"), replay("it_replay");
    shared.add = basic.function(kAdd);
    shared.accumulate = replay.function(kAccumulate);
    Guarded<int> a(kValues), b(kValues), c(kValues), d(kValues);
    Guarded<int>* all[] = {&a, &b, &c, &d};
    for (int i = 0; i < kThreads; ++i) {
      shared.results[i] = all[i];
      CU(cuEventCreate(&shared.done[i], CU_EVENT_DISABLE_TIMING));
    }
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) threads.emplace_back(work, std::ref(shared), t);
    for (auto& thread : threads) thread.join();
    for (const Guarded<int>* one : all) std::printf("%d\n", one->first());
    for (CUevent event : shared.done) CU(cuEventDestroy(event));
  }
  return finish();
}
