// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "judge/trial/trial_child.h"

int main(int argc, char** argv) {
  if (const int code = fib::judge::trial_child(); code >= 0) return code;
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
