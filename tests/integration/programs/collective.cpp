// SPDX-License-Identifier: Apache-2.0
// A kernel with the name of a communication library's, between others: a replay writes what it
// changed instead of running it.
#include <cstdio>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"
#include "tests/integration/kernels/replay.h"

using namespace fib::test;

int main() {
  constexpr int kValues = 300, kSteps = 3;
  start();
  {
    const Module basic("it_basic"), replay("it_replay");
    Guarded<int> data(kValues), peer(kValues);
    const Shape all{{3, 1, 1}, {100, 1, 1}};
    for (int step = 1; step <= kSteps; ++step) {
      launch(basic.function(kAdd), kAdd, all, nullptr, peer.data(), kValues, step);
      launch(replay.function(kAllReduce), kAllReduce, all, nullptr, data.data(), peer.data(),
             kValues);
      launch(basic.function(kTwice), kTwice, all, nullptr, data.data(), kValues);
    }
    CU(cuCtxSynchronize());
    FIB_CHECK(data.read().back() == ((1 * 2 + 3) * 2 + 6) * 2);
    std::printf("%d\n", data.first());
  }
  return finish();
}
