// SPDX-License-Identifier: Apache-2.0
// Kernels that give something else whenever they run, between kernels that do not.
#include <cstdio>
#include <vector>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"
#include "tests/integration/kernels/replay.h"

using namespace fib::test;

int main() {
  constexpr int kValues = 512, kSums = 64;
  start();
  {
    const Module basic("it_basic"), replay("it_replay");
    std::vector<float> input(kValues);
    for (int i = 0; i < kValues; ++i)
      input[static_cast<std::size_t>(i)] = static_cast<float>(i % 37) * (i % 5 == 0 ? 1e6f : 1e-2f);
    Guarded<float> values(kValues), sums(kSums);
    Guarded<int> counter(16);
    CU(cuMemcpyHtoD(values.address(), input.data(), values.bytes()));
    for (int i = 0; i < 5; ++i) {
      launch(basic.function(kAdd), kAdd, Shape{{1, 1, 1}, {16, 1, 1}}, nullptr, counter.data(), 16,
             i);
      launch(replay.function(kRandomSum), kRandomSum, Shape{{1, 1, 1}, {kSums, 1, 1}}, nullptr,
             values.data(), sums.data(), kValues, kSums);
    }
    CU(cuCtxSynchronize());
    for (const float sum : sums.read()) FIB_CHECK(sum > 1e6f);
    FIB_CHECK(counter.first() == 10);
    std::printf("%d\n", counter.first());
  }
  return finish();
}
