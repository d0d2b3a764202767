// SPDX-License-Identifier: Apache-2.0
// The same library on two devices: one CUkernel, two contexts, a copy between them.
#include <cstdio>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

int main() {
  start();
  int count = 0;
  CU(cuDeviceGetCount(&count));
  FIB_CHECK(count == 2);
  CUcontext contexts[2] = {};
  CU(cuCtxGetCurrent(&contexts[0]));
  CUdevice second = 0;
  CU(cuDeviceGet(&second, 1));
  CU(cuDevicePrimaryCtxRetain(&contexts[1], second));
  const auto bytes = image("it_basic");
  CUlibrary library = nullptr;
  CU(cuLibraryLoadData(&library, bytes.data(), nullptr, nullptr, 0, nullptr, nullptr, 0));
  CUkernel kernel = nullptr;
  CU(cuLibraryGetKernel(&kernel, library, kAdd));
  CUdeviceptr memory[2] = {};
  int results[2] = {};
  for (int round = 0; round < 4; ++round) {
    for (int d = 0; d < 2; ++d) {
      CU(cuCtxSetCurrent(contexts[d]));
      if (round == 0) {
        CU(cuMemAlloc(&memory[d], 256));
        CU(cuMemsetD32(memory[d], 0, 64));
      }
      launch(reinterpret_cast<CUfunction>(kernel), kAdd, Shape{{1, 1, 1}, {64, 1, 1}}, nullptr,
             reinterpret_cast<int*>(memory[d]), 64, d + 1);
      CU(cuCtxSynchronize());
    }
  }
  CU(cuMemcpyPeer(memory[0] + 4, contexts[0], memory[1], contexts[1], 4));
  CU(cuCtxSetCurrent(contexts[0]));
  CU(cuMemcpyDtoH(results, memory[0], 8));
  FIB_CHECK(results[0] == 4 && results[1] == 8);
  std::printf("%d %d\n", results[0], results[1]);
  for (int d = 0; d < 2; ++d) {
    CU(cuCtxSetCurrent(contexts[d]));
    CU(cuMemFree(memory[d]));
  }
  CU(cuLibraryUnload(library));
  return finish();
}
