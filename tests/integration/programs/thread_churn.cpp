// SPDX-License-Identifier: Apache-2.0
// 3000 threads, 20 at a time, each of which launches twice and ends: what the shim keeps for a
// thread must be given back, and nothing that a thread recorded may be lost with it.
#include <cstdio>
#include <thread>
#include <vector>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

int main() {
  start();
  CUcontext context = nullptr;
  CU(cuCtxGetCurrent(&context));
  {
    const Module module("it_basic");
    const CUfunction count = module.function(kCount);
    Guarded<unsigned long long> total(1);
    for (int round = 0; round < 150; ++round) {
      std::vector<std::thread> threads;
      for (int t = 0; t < 20; ++t) {
        threads.emplace_back([&] {
          FIB_CHECK(cuCtxSetCurrent(context) == CUDA_SUCCESS);
          CUdeviceptr address = total.address();
          void* params[] = {&address};
          for (int i = 0; i < 2; ++i) {
            FIB_CHECK(cuLaunchKernel(count, 1, 1, 1, 1, 1, 1, 0, nullptr, params, nullptr) == 0);
          }
        });
      }
      for (auto& thread : threads) thread.join();
    }
    CU(cuCtxSynchronize());
    FIB_CHECK(total.first() == 6000);
  }
  return finish();
}
