// SPDX-License-Identifier: Apache-2.0
#include "support/check.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "support/notes.h"
#include "support/route.h"

namespace fib::test {

void fail(const char* file, int line, const char* what, const char* why) {
  std::fflush(stdout);
  std::fprintf(stderr, "%s:%d: %s: %s\n", file, line, what, why);
  std::fflush(stderr);
  std::_Exit(1);
}

void check_result(CUresult result, CUresult expected, const char* file, int line,
                  const char* call) {
  if (result == expected) {
    if (result == CUDA_SUCCESS) note_call(call);
    return;
  }
  const char* name = "?";
  cuGetErrorName(result, &name);
  fail(file, line, call, ("returned " + std::to_string(result) + " " + name).c_str());
}

void open_driver() { route_open(); }

void start() {
  open_driver();
  CU(cuInit(0));
  CUdevice device = 0;
  CU(cuDeviceGet(&device, 0));
  CUcontext context = nullptr;
  CU(cuDevicePrimaryCtxRetain(&context, device));
  CU(cuCtxSetCurrent(context));
}

int finish() {
  CU(cuCtxSynchronize());
  std::puts("EXIT-SUCCESS");
  return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace fib::test
