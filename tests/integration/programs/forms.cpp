// SPDX-License-Identifier: Apache-2.0
// forms FORM MEMORY: the same steps of work in one of three forms of launches (eager, captured,
// explicit) on one kind of memory (support/any_memory.h), fed by one stream and done by another.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "support/any_memory.h"
#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/work_form.h"
#include "tests/integration/kernels/params.h"
#include "tests/integration/kernels/replay.h"

using namespace fib::test;

namespace {

constexpr int kSteps = 6;
constexpr int kValues = 512;  // one block
constexpr std::size_t kBytes = kValues * sizeof(int);

struct Kernels {
  Module basic{"it_basic"}, replay{"it_replay"};
  CUfunction add = basic.function(kAdd), twice = basic.function(kTwice);
  CUfunction accumulate = replay.function(kAccumulate);
};

class Feeder {
 public:
  Feeder() { CU(cuMemAllocHost(reinterpret_cast<void**>(&staging_), kBytes)); }
  ~Feeder() { CU(cuMemFreeHost(staging_)); }
  Feeder(const Feeder&) = delete;
  Feeder& operator=(const Feeder&) = delete;

  /// `values` become step * 10; `scratch` becomes step * 7, from pinned memory.
  void feed(int step, AnyMemory& values, Guarded<int>& scratch, CUstream stream) {
    if (values.on_host()) {
      std::fill_n(values.data(), kValues, step * 10);
    } else {
      std::vector<int> pageable(kValues, step * 10);
      CU(cuMemcpyHtoDAsync(values.address(), pageable.data(), kBytes, stream));
      std::fill(pageable.begin(), pageable.end(), -1);  // the driver has its copy
    }
    std::fill_n(staging_, kValues, step * 7);
    CU(cuMemcpyHtoDAsync(scratch.address(), staging_, kBytes, stream));
  }
  /// Only after the stream was waited for.
  void reuse() { std::fill_n(staging_, kValues, -2); }

 private:
  int* staging_ = nullptr;
};

void run(LaunchForm form, MemoryKind memory) {
  const Kernels kernels;
  AnyMemory values(memory, kValues);
  Guarded<int> scratch(kValues), sum(kValues), zeroed(kValues);
  Feeder feeder;
  CUstream side = nullptr;
  CUevent fed = nullptr, done = nullptr;
  CU(cuStreamCreate(&side, CU_STREAM_NON_BLOCKING));
  CU(cuEventCreate(&fed, CU_EVENT_DISABLE_TIMING));
  CU(cuEventCreate(&done, CU_EVENT_DEFAULT));
  {
    WorkForm work(form);
    int expected = 0;
    for (int step = 0; step < kSteps; ++step) {
      feeder.feed(step, values, scratch, side);
      CU(cuEventRecord(fed, side));
      CU(cuStreamWaitEvent(work.stream(), fed, 0));
      work.begin();
      work.kernel(kernels.add, kValues, values.data(), kValues, step);
      work.kernel(kernels.twice, kValues, scratch.data(), kValues);
      work.set(zeroed.address(), static_cast<unsigned>(step), kValues);
      work.kernel(kernels.accumulate, kValues, zeroed.data(), scratch.data(), kValues);
      work.kernel(kernels.accumulate, kValues, sum.data(), values.data(), kValues);
      work.copy(scratch.address(), zeroed.address(), kBytes / 2);
      work.end();
      CU(cuEventRecord(done, work.stream()));
      CU(cuStreamWaitEvent(side, done, 0));
      CU(cuStreamSynchronize(side));
      feeder.reuse();
      expected += step * 11;
      FIB_CHECK(sum.first() == expected);
      FIB_CHECK(scratch.read().front() == step * 15 && scratch.read().back() == step * 14);
    }
    FIB_CHECK(values.read().back() == (kSteps - 1) * 11);
    std::printf("%d %d\n", sum.first(), zeroed.first());
  }
  CU(cuStreamDestroy(side));
  CU(cuEventDestroy(fed));
  CU(cuEventDestroy(done));
}

}  // namespace

int main(int, char** argv) {
  start();
  run(launch_form(argv[1]), memory_kind(argv[2]));
  return finish();
}
