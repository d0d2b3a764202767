// SPDX-License-Identifier: Apache-2.0
// noisy COUNT: launches whose parameters do not compress, 12 KiB each, so that the log grows by
// megabytes.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

int main(int, char** argv) {
  start();
  {
    const Module module("it_params");
    const CUfunction big = module.function(kBig);
    Guarded<std::uint64_t> sum(1);
    auto values = std::make_unique<Big>();
    values->sum = sum.data();
    std::mt19937 random(1);
    for (int i = std::atoi(argv[1]); i > 0; --i) {
      for (auto& value : values->values) value = static_cast<std::uint32_t>(random());
      void* params[] = {values.get()};
      CU(cuLaunchKernel(big, 1, 1, 1, 1, 1, 1, 0, nullptr, params, nullptr));
      if (i % 100 == 0) CU(cuCtxSynchronize());
    }
    CU(cuCtxSynchronize());
    std::printf("%llx\n", static_cast<unsigned long long>(sum.first()));
  }
  return finish();
}
