// SPDX-License-Identifier: Apache-2.0
// What judge/trial/shared_fill.cpp launches, for the simulated driver: it runs this for that PTX.
// There is no shared memory, so there is nothing to do.
#include "tests/sim_driver/sim_kernel.h"

SIM_KERNEL_C(fib_shared_fill, (unsigned, unsigned)) {}
