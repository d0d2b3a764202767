// SPDX-License-Identifier: Apache-2.0
// Built with CUDA_API_PER_THREAD_DEFAULT_STREAM: every call below is a _ptsz or _ptds entry point.
#include <cstdio>
#include <thread>
#include <vector>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"

#ifndef CUDA_API_PER_THREAD_DEFAULT_STREAM
#error "the build defines it"
#endif

using namespace fib::test;

int main() {
  start();
  CUcontext context = nullptr;
  CU(cuCtxGetCurrent(&context));
  {
    const Module module("it_basic");
    const CUfunction add = module.function(kAdd);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        CU(cuCtxSetCurrent(context));
        Guarded<int> a(64);
        for (int i = 0; i < 25; ++i) {
          launch(add, kAdd, Shape{{1, 1, 1}, {64, 1, 1}}, nullptr, a.data(), 64, t);
          launch_ex(add, kAdd, Shape{{1, 1, 1}, {64, 1, 1}}, CU_STREAM_PER_THREAD, nullptr, 0,
                    a.data(), 64, t);
        }
        CU(cuMemsetD32Async(a.address(), 5, 1, nullptr));
        CU(cuStreamSynchronize(nullptr));
        const auto values = a.read();
        FIB_CHECK(values[0] == 5 && values[63] == 50 * t);
      });
    }
    for (auto& thread : threads) thread.join();
  }
  return finish();
}
