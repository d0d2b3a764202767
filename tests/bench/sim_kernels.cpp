// SPDX-License-Identifier: Apache-2.0
// The kernels of bench_kernels.h for the simulated driver.
#include "tests/sim_driver/sim_kernel.h"

struct Kilobyte {
  double values[128];
};

SIM_KERNEL(no_params, ()) {}
SIM_KERNEL(four_params, (float* out, const float* in, float scale, int count)) {
  static_cast<void>(out), static_cast<void>(in), static_cast<void>(scale), static_cast<void>(count);
}
SIM_KERNEL(struct_param, (Kilobyte value)) { static_cast<void>(value); }
