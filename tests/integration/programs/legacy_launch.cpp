// SPDX-License-Identifier: Apache-2.0
// The launch calls of CUDA 3: block shape and parameters are set on the function before the launch.
#include <cstdio>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "tests/integration/kernels/params.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // that is the point

using namespace fib::test;

int main() {
  start();
  {
    const Module module("it_basic");
    const CUfunction add = module.function(kAdd);
    Guarded<int> a(64);
    int* pointer = a.data();
    CU(cuFuncSetBlockShape(add, 32, 1, 1));
    CU(cuFuncSetSharedSize(add, 0));
    CU(cuParamSetv(add, 0, &pointer, sizeof(pointer)));
    CU(cuParamSeti(add, 8, 64));
    CU(cuParamSeti(add, 12, 5));
    CU(cuParamSetSize(add, 16));
    CU(cuLaunchGrid(add, 2, 1));
    CU(cuLaunch(add));
    CU(cuLaunchGridAsync(add, 2, 1, nullptr));
    CU(cuCtxSynchronize());
    const auto values = a.read();
    FIB_CHECK(values[0] == 15 && values[31] == 15 && values[32] == 10 && values[63] == 10);
    std::printf("%d %d\n", values[0], values[63]);
  }
  return finish();
}
