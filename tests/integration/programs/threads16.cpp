// SPDX-License-Identifier: Apache-2.0
// 16 threads launch the same kernels at once, each on a stream of its own.
#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

namespace {

constexpr int kThreads = 16, kLaunches = 400;
std::atomic<int> ready{0};

void work(CUcontext context, CUfunction add, CUfunction twice, int number) {
  CU(cuCtxSetCurrent(context));
  CUstream stream = nullptr;
  CU(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  Guarded<int> a(4);
  ready.fetch_add(1);
  while (ready.load() < kThreads) std::this_thread::yield();
  for (int i = 0; i < kLaunches; ++i) {
    launch(add, kAdd, Shape{{1, 1, 1}, {4, 1, 1}}, stream, a.data(), 4, number);
  }
  launch(twice, kTwice, Shape{{1, 1, 1}, {4, 1, 1}}, stream, a.data(), 4);
  CU(cuStreamSynchronize(stream));
  for (const int value : a.read()) FIB_CHECK(value == 2 * number * kLaunches);
  CU(cuStreamDestroy(stream));
}

}  // namespace

int main() {
  start();
  CUcontext context = nullptr;
  CU(cuCtxGetCurrent(&context));
  {
    const Module module("it_basic");
    const CUfunction add = module.function(kAdd), twice = module.function(kTwice);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) threads.emplace_back(work, context, add, twice, t);
    for (auto& thread : threads) thread.join();
  }
  std::printf("%d\n", kThreads * (kLaunches + 1));
  return finish();
}
