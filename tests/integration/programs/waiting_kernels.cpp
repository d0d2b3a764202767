// SPDX-License-Identifier: Apache-2.0
// waiting_kernels host|pair: kernels that cannot run alone. `host`: each waits for a word that the
// program writes afterwards. `pair`: two at a time, on two streams, wait for each other.
#include <atomic>
#include <cstdio>
#include <string>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"
#include "tests/integration/kernels/replay.h"

using namespace fib::test;

namespace {

constexpr int kTimes = 3;

void waits_for_host(const Module& module, CUfunction add, CUstream stream) {
  Guarded<int> out(4);
  int* flag = nullptr;
  CU(cuMemAllocHost(reinterpret_cast<void**>(&flag), sizeof(int)));
  *flag = 0;
  for (int i = 1; i <= kTimes; ++i) {
    launch(add, kAdd, Shape{{1, 1, 1}, {4, 1, 1}}, stream, out.data(), 4, 10);
    launch(module.function(kWaitForFlag), kWaitForFlag, Shape{}, stream, flag, i, out.data());
    std::atomic_ref(*flag).store(i);
    CU(cuStreamSynchronize(stream));
  }
  FIB_CHECK(out.first() == kTimes * 11);
  CU(cuMemFreeHost(flag));
}

void wait_for_each_other(const Module& module, CUfunction add, CUstream first, CUstream second) {
  Guarded<int> words(2), out(2);
  CUfunction talk = module.function(kTalk);
  for (int i = 0; i < kTimes; ++i) {
    CU(cuMemsetD32(words.address(), 0, 2));
    CU(cuCtxSynchronize());
    launch(talk, kTalk, Shape{}, first, words.data(), words.data() + 1, 20, out.data());
    launch(talk, kTalk, Shape{}, second, words.data() + 1, words.data(), 20, out.data() + 1);
    CU(cuCtxSynchronize());
    launch(add, kAdd, Shape{{1, 1, 1}, {2, 1, 1}}, first, out.data(), 2, 1);
    CU(cuCtxSynchronize());
  }
  FIB_CHECK(out.read()[0] == kTimes * 21 && out.read()[1] == kTimes * 21);
}

}  // namespace

int main(int, char** argv) {
  start();
  {
    const Module basic("it_basic"), replay("it_replay");
    const CUfunction add = basic.function(kAdd);
    CUstream first = nullptr, second = nullptr;
    CU(cuStreamCreate(&first, CU_STREAM_NON_BLOCKING));
    CU(cuStreamCreate(&second, CU_STREAM_NON_BLOCKING));
    if (std::string(argv[1]) == "host") waits_for_host(replay, add, first);
    if (std::string(argv[1]) == "pair") wait_for_each_other(replay, add, first, second);
    CU(cuStreamDestroy(first));
    CU(cuStreamDestroy(second));
  }
  return finish();
}
