// SPDX-License-Identifier: Apache-2.0
// pointer_array FORM: kernels get to their memory through pointers that stand in memory, as batched
// and grouped matrix products do, and through a structure passed by value.
#include <cstdio>
#include <memory>
#include <vector>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/work_form.h"
#include "tests/integration/kernels/params.h"
#include "tests/integration/kernels/replay.h"

using namespace fib::test;

int main(int, char** argv) {
  constexpr int kTargets = 8, kSteps = 4;
  start();
  {
    const Module replay("it_replay");
    std::vector<std::unique_ptr<Guarded<int>>> targets;
    std::vector<int*> addresses;
    for (int i = 0; i < kTargets; ++i) {
      targets.push_back(std::make_unique<Guarded<int>>(16));
      addresses.push_back(targets.back()->data());
    }
    Guarded<int*> pointers(kTargets);
    CU(cuMemcpyHtoD(pointers.address(), addresses.data(), pointers.bytes()));
    CU(cuCtxSynchronize());
    WorkForm work(launch_form(argv[1]));
    for (int step = 1; step <= kSteps; ++step) {
      work.begin();
      work.kernel(replay.function(kThroughPointers), kTargets, pointers.data(), kTargets, step);
      work.end();
      CU(cuStreamSynchronize(work.stream()));
    }
    const Module params("it_params");
    Guarded<int> x(100), y(100);
    Axpy axpy{x.data(), y.data(), 100, 3.0};
    CU(cuMemsetD32(x.address(), 7, 100));
    void* list[] = {&axpy};
    CU(cuLaunchKernel(params.function(kAxpy), 1, 1, 1, 128, 1, 1, 0, nullptr, list, nullptr));
    CU(cuCtxSynchronize());
    for (const auto& target : targets) FIB_CHECK(target->first() == kSteps * (kSteps + 1) / 2);
    FIB_CHECK(y.first() == 21);
    std::printf("%d %d\n", targets.back()->first(), y.first());
  }
  return finish();
}
