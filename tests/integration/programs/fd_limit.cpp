// SPDX-License-Identifier: Apache-2.0
// The first launch happens when the process has no descriptor left: nothing can be recorded, which
// is said once, and the program works.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <vector>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

int main() {
  start();
  {
    const Module module("it_basic");
    const CUfunction nothing = module.function(kNothing);
    rlimit limit{};
    FIB_CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = 64;
    FIB_CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    std::vector<int> used;
    for (int fd = dup(STDOUT_FILENO); fd >= 0; fd = dup(STDOUT_FILENO)) used.push_back(fd);
    for (int i = 0; i < 100; ++i) {
      CU(cuLaunchKernel(nothing, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr));
    }
    CU(cuCtxSynchronize());
    for (const int fd : used) close(fd);
  }
  return finish();
}
