// SPDX-License-Identifier: Apache-2.0
#include "support/mini.h"

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"

namespace fib::test {

void mini_launch(int value) {
  CUcontext context = nullptr;
  CU(cuInit(0));
  CU(cuDevicePrimaryCtxRetain(&context, 0));
  CU(cuCtxSetCurrent(context));
  const Module module("it_basic");
  Guarded<int> a(1);
  launch(module.function(kAdd), kAdd, Shape{}, nullptr, a.data(), 1, value);
  CU(cuCtxSynchronize());
  FIB_CHECK(a.first() == value);
}

}  // namespace fib::test
