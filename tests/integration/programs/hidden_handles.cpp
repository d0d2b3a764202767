// SPDX-License-Identifier: Apache-2.0
// Function handles that no visible look-up returned, nor a visible load: from a private table of
// the driver, as cuFFT gets them. They can be named, but their code was never seen.
#include "support/check.h"
#include "support/guarded.h"
#include "support/hidden.h"
#include "support/image.h"
#include "support/launch.h"
#include "tests/integration/kernels/params.h"

using namespace fib::test;

int main() {
  start();
  {
    const auto bytes = image("it_basic");
    const auto add = static_cast<CUfunction>(hidden_function(bytes.data(), kAdd));
    FIB_CHECK(add != nullptr);
    Guarded<int> a(4);
    for (int i = 0; i < 10; ++i) {
      launch(add, kAdd, Shape{{1, 1, 1}, {4, 1, 1}}, nullptr, a.data(), 4, i);
    }
    CU(cuCtxSynchronize());
    FIB_CHECK(a.first() == 45);
  }
  return finish();
}
