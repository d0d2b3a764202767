// SPDX-License-Identifier: Apache-2.0
// Host code in stream order: it must run, and the capture must say that it did.
#include <cstdio>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

namespace {

int steps = 0;
void CUDA_CB host_function(void* data) { steps = steps * 10 + *static_cast<int*>(data); }
void CUDA_CB callback(CUstream, CUresult status, void* data) {
  steps = steps * 10 + (status == CUDA_SUCCESS ? *static_cast<int*>(data) : 9);
}

}  // namespace

int main() {
  start();
  {
    const Module module("it_basic");
    Guarded<int> a(1);
    CUstream stream = nullptr;
    CU(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    CU(cuCtxSynchronize());
    int one = 1, two = 2, three = 3;
    CU(cuLaunchHostFunc(stream, host_function, &one));
    launch(module.function(kAdd), kAdd, Shape{}, stream, a.data(), 1, 4);
    CU(cuStreamAddCallback(stream, callback, &two, 0));
    CU(cuLaunchHostFunc(stream, host_function, &three));
    CU(cuStreamSynchronize(stream));
    FIB_CHECK(steps == 123 && a.first() == 4);
    std::printf("%d\n", steps);
    CU(cuStreamDestroy(stream));
  }
  return finish();
}
