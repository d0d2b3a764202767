// SPDX-License-Identifier: Apache-2.0
// Launches on the legacy stream and on two others, eagerly.
#include <cstdio>
#include <vector>

#include "support/check.h"
#include "support/guarded.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

int main() {
  start();
  Module module("it_basic");
  const CUfunction add = module.function(kAdd), twice = module.function(kTwice);
  {
    Guarded<int> a(1000), b(1000);
    const Shape wide{{8, 1, 1}, {128, 1, 1}, 0};
    CUstream streams[2];
    for (CUstream& stream : streams) CU(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    CU(cuCtxSynchronize());
    for (int i = 0; i < 50; ++i) {
      launch(add, kAdd, wide, streams[0], a.data(), 1000, i);
      launch(add, kAdd, wide, streams[1], b.data(), 1000, -i);
    }
    launch(twice, kTwice, Shape{{4, 1, 1}, {256, 1, 1}, 512}, streams[0], a.data(), 1000);
    for (CUstream stream : streams) CU(cuStreamSynchronize(stream));
    launch(add, kAdd, Shape{{2, 2, 2}, {1, 2, 4}, 64}, nullptr, b.data(), 1, 1);
    CU(cuCtxSynchronize());
    const std::vector<int> left = a.read(), right = b.read();
    for (const int value : left) FIB_CHECK(value == 2 * 49 * 50 / 2);
    for (std::size_t i = 1; i < right.size(); ++i) FIB_CHECK(right[i] == -49 * 50 / 2);
    std::printf("%d %d %d\n", left[0], right[1], right[0]);
    for (CUstream stream : streams) CU(cuStreamDestroy(stream));
  }
  module.unload();
  return finish();
}
