// SPDX-License-Identifier: Apache-2.0
// Launches through pointers from every pseudo-handle: RTLD_DEFAULT, RTLD_NEXT of the program, and
// RTLD_NEXT of a library.
#include <dlfcn.h>

#include "programs/lib_next.h"
#include "support/check.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

int main() {
  start();
  {
    const Module module("it_basic");
    const CUfunction nothing = module.function(kNothing);
    for (void* found : {dlsym(RTLD_DEFAULT, "cuLaunchKernel"), dlsym(RTLD_NEXT, "cuLaunchKernel"),
                        fibtest_first_finds("cuLaunchKernel")}) {
      FIB_CHECK(found != nullptr);
      const auto launch = reinterpret_cast<decltype(&cuLaunchKernel)>(found);
      FIB_CHECK(launch(nothing, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr) == CUDA_SUCCESS);
    }
  }
  return finish();
}
