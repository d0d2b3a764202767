// SPDX-License-Identifier: Apache-2.0
// Contexts made and destroyed, pushed and popped, with code in each; limits; the primary one reset.
#include <cstdio>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

namespace {

void use(int value) {
  const Module module("it_basic");
  Guarded<int> a(1);
  launch(module.function(kAdd), kAdd, Shape{}, nullptr, a.data(), 1, value);
  CU(cuCtxSynchronize());
  FIB_CHECK(a.first() == value);
}

}  // namespace

int main() {
  start();
  CUdevice device = 0;
  CU(cuDeviceGet(&device, 0));
  use(1);
  for (int round = 0; round < 3; ++round) {
    CUcontext inner = nullptr, popped = nullptr;
    CU(cuCtxCreate(&inner, nullptr, 0, device));
    CU(cuCtxSetLimit(CU_LIMIT_PRINTF_FIFO_SIZE, 1 << 20));
    use(2);
    CU(cuCtxPopCurrent(&popped));
    FIB_CHECK(popped == inner);
    use(3);
    CU(cuCtxPushCurrent(inner));
    {
      // Left behind in the context: it goes with it.
      CUdeviceptr leaked = 0;
      CU(cuMemAlloc(&leaked, 64));
      CUmodule module = nullptr;
      const auto bytes = image("it_mark_a");
      CU(cuModuleLoadData(&module, bytes.data()));
      CUfunction mark = nullptr;
      CU(cuModuleGetFunction(&mark, module, kMark));
      launch(mark, kMark, Shape{}, nullptr, reinterpret_cast<int*>(leaked));
    }
    CU(cuCtxSynchronize());
    CU(cuCtxDestroy(inner));
  }
  use(4);
  CU(cuCtxSetCurrent(nullptr));
  CU(cuDevicePrimaryCtxReset(device));
  CUcontext again = nullptr;
  CU(cuDevicePrimaryCtxRetain(&again, device));
  CU(cuCtxSetCurrent(again));
  use(5);
  return finish();
}
