// SPDX-License-Identifier: Apache-2.0
// Launches that the driver refuses did not run: the capture must not count them. With the argument
// `injected` the driver also fails a correct one (FIBSIM_FAULTS).
#include <cstdio>
#include <cstring>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

int main(int argc, char** argv) {
  start();
  {
    const Module module("it_basic");
    const CUfunction add = module.function(kAdd);
    Guarded<int> a(1);
    int* pointer = a.data();
    int n = 1, value = 1;
    void* params[] = {&pointer, &n, &value};
    launch(add, kAdd, Shape{}, nullptr, pointer, n, value);
    if (argc == 2 && std::strcmp(argv[1], "injected") == 0) {
      CU_IS(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES,
            cuLaunchKernel(add, 1, 1, 1, 1, 1, 1, 0, nullptr, params, nullptr));
    }
    CU_IS(CUDA_ERROR_INVALID_VALUE,
          cuLaunchKernel(add, 0, 1, 1, 1, 1, 1, 0, nullptr, params, nullptr));
    CU_IS(CUDA_ERROR_INVALID_VALUE,
          cuLaunchKernel(add, 1, 1, 1, 4096, 1, 1, 0, nullptr, params, nullptr));
    CU_IS(CUDA_ERROR_INVALID_HANDLE,
          cuLaunchKernel(nullptr, 1, 1, 1, 1, 1, 1, 0, nullptr, params, nullptr));
    launch(add, kAdd, Shape{}, nullptr, pointer, n, value);
    CU(cuCtxSynchronize());
    FIB_CHECK(a.first() == 2);
  }
  return finish();
}
