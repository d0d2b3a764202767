// SPDX-License-Identifier: Apache-2.0
// symbols FORM: a module's variables, written by copies and by kernels, read by kernels. The module
// is loaded twice, so that each copy has variables of its own.
#include <cstdio>
#include <vector>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/work_form.h"
#include "tests/integration/kernels/replay.h"

using namespace fib::test;

namespace {

constexpr int kSteps = 5;
constexpr unsigned kThreads = kTableValues;

struct Variables {
  Module module{"it_replay"};
  CUdeviceptr table = 0, constant = 0;

  Variables() {
    std::size_t bytes = 0;
    CU(cuModuleGetGlobal(&table, &bytes, module.handle(), "table"));
    FIB_CHECK(bytes == sizeof(Table));
    CU(cuModuleGetGlobal(&constant, &bytes, module.handle(), "step_constant"));
    FIB_CHECK(bytes == sizeof(int));
    CU(cuMemsetD32(table, 1, kTableValues));
  }
};

}  // namespace

int main(int, char** argv) {
  start();
  {
    Variables first, second;
    Guarded<int> out(kTableValues);
    WorkForm work(launch_form(argv[1]));
    for (int step = 0; step < kSteps; ++step) {
      const int pageable = step * 100;
      CU(cuMemcpyHtoD(first.constant, &pageable, sizeof pageable));
      CU(cuMemcpyHtoD(second.constant, &step, sizeof step));
      CU(cuCtxSynchronize());
      work.begin();
      for (const Variables* copy : {&first, &second}) {
        work.kernel(copy->module.function(kTableAdd), kThreads, kTableValues, step);
        work.kernel(copy->module.function(kTableTwice), kThreads, kTableValues);
        work.kernel(copy->module.function(kTableTo), kThreads, out.data(), kTableValues);
      }
      work.end();
      CU(cuStreamSynchronize(work.stream()));
    }
    std::vector<int> left(kTableValues), right(kTableValues);
    CU(cuMemcpyDtoH(left.data(), first.table, sizeof(Table)));
    CU(cuMemcpyDtoH(right.data(), second.table, sizeof(Table)));
    int a = 1, b = 1, sum = 0;
    for (int step = 0; step < kSteps; ++step) {
      a = (a + step * 101) * 2;
      b = (b + step * 2) * 2;
      sum += a + b;
    }
    FIB_CHECK(left.front() == a && left.back() == a && right.back() == b);
    FIB_CHECK(out.read().back() == sum);
    std::printf("%d %d %d\n", a, b, sum);
  }
  return finish();
}
