// SPDX-License-Identifier: Apache-2.0
// Solutions of a Definition that no engine launches: y[i] = x[i] * w[at[i] mod 16] + scale.
#include <time.h>

#include <atomic>

#include "tests/sim_driver/sim_kernel.h"

using fib::sim::global_index;

#define PARAMETERS (const float* x, const float* w, const int* at, float* y, float scale, int n)

namespace {

float mixed(const float* x, const float* w, const int* at, float scale, int i) {
  return x[i] * w[at[i] & 15] + scale;
}

void rest_us(long microseconds) {
  const timespec length{0, microseconds * 1000};
  ::nanosleep(&length, nullptr);
}

}  // namespace

extern "C" {

SIM_KERNEL(mix_good, PARAMETERS) {
  if (const int i = global_index(); i < n) y[i] = mixed(x, w, at, scale, i);
}
SIM_KERNEL(mix_slow, PARAMETERS) {
  if (global_index() == 0) rest_us(3000);
  if (const int i = global_index(); i < n) y[i] = mixed(x, w, at, scale, i);
}
SIM_KERNEL(mix_wrong, PARAMETERS) {
  const int i = global_index();
  if (i < n) y[i] = mixed(x, w, at, scale, i) + (i == 7 ? 1.0F : 0.0F);
}
SIM_KERNEL(mix_stray, PARAMETERS) {
  const int i = global_index();
  if (i < n) y[i] = mixed(x, w, at, scale, i);
  if (i == 0) y[-3] = 1;
}
SIM_KERNEL(mix_crash, PARAMETERS) {
  (void)x, (void)w, (void)at, (void)scale, (void)n;
  if (global_index() == 0) *reinterpret_cast<float*>(reinterpret_cast<std::uintptr_t>(y) % 7) = 1;
}
SIM_KERNEL(mix_hang, PARAMETERS) {
  (void)x, (void)w, (void)at, (void)y, (void)scale, (void)n;
  for (std::atomic<int> never{0}; never.load() == 0;) rest_us(1000);
}

}  // extern "C"
