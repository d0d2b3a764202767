// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/sim_kernel.h"

extern "C" {
SIM_KERNEL(mark, (int* p)) { *p = 'a'; }
SIM_KERNEL(only_a, (int* p)) { *p += 1; }
}
