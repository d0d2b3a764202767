// SPDX-License-Identifier: Apache-2.0
// redirect_threads STEPS: 16 threads do the steps of `redirect`, each on a stream and memory of its
// own, a third of them eagerly, a third captured, a third in hand-built graphs; every step is
// checked. One of them says on stderr how far it is.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/work_form.h"
#include "tests/integration/kernels/apply.h"

using namespace fib::test;

namespace {

constexpr int kThreads = 16, kRows = 4, kWidth = 16, kValues = kRows * kWidth;
constexpr LaunchForm kForms[] = {LaunchForm::Eager, LaunchForm::Captured, LaunchForm::Explicit};

class Worker {
 public:
  Worker(CUfunction blend, int number)
      : blend_(blend), number_(number), work_(kForms[number % 3]), in_(kValues), out_(kValues) {}

  void run(CUcontext context, int steps) {
    CU(cuCtxSetCurrent(context));
    for (int i = 0; i < steps; ++i) {
      step(i);
      if (number_ == 0 && i % 10 == 0) std::fprintf(stderr, "%d\n", i);
    }
  }

 private:
  void step(int i) {
    const int fill = number_ * 1000 + i;
    CU(cuMemsetD32Async(in_.address(), static_cast<unsigned>(fill), kValues, work_.stream()));
    work_.begin();
    work_.kernel(blend_, kValues, in_.data(), out_.data(), kRows, kWidth, i, i + 1);
    work_.end();
    std::vector<int> values(kValues);
    CU(cuMemcpyDtoHAsync(values.data(), out_.address(), kValues * sizeof(int), work_.stream()));
    CU(cuStreamSynchronize(work_.stream()));
    for (const int value : values) FIB_CHECK(value == 2 * fill + i);
  }

  CUfunction blend_;
  int number_;
  WorkForm work_;
  Guarded<int> in_, out_;
};

}  // namespace

int main(int, char** argv) {
  start();
  CUcontext context = nullptr;
  CU(cuCtxGetCurrent(&context));
  {
    const Module module("it_apply");
    // Made and ended by one thread: what waits for all streams must not meet a capture.
    std::vector<std::unique_ptr<Worker>> workers;
    for (int t = 0; t < kThreads; ++t)
      workers.push_back(std::make_unique<Worker>(module.function(kBlend), t));
    std::vector<std::thread> threads;
    for (const auto& worker : workers)
      threads.emplace_back([&] { worker->run(context, std::atoi(argv[1])); });
    for (std::thread& thread : threads) thread.join();
  }
  return finish();
}
