// SPDX-License-Identifier: Apache-2.0
#include "support/mini.h"

extern "C" __attribute__((visibility("default"))) int fibtest_plugin_run() {
  static int runs = 0;
  fib::test::mini_launch(++runs);
  return runs;
}
