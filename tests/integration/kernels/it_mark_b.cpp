// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/sim_kernel.h"

extern "C" {
SIM_KERNEL(mark, (int* p)) { *p = 'b'; }
SIM_KERNEL(only_b, (int* p)) { *p += 1; }
}
