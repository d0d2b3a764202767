// SPDX-License-Identifier: Apache-2.0
// A library whose constructor and destructor use the driver.
#include "support/mini.h"

namespace {
int launches = 0;
__attribute__((constructor)) void early() {
  fib::test::mini_launch(10);
  ++launches;
}
__attribute__((destructor)) void late() { fib::test::mini_launch(20); }
}  // namespace

extern "C" __attribute__((visibility("default"))) int fibtest_early_launches() { return launches; }
