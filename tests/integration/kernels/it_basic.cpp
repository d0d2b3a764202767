// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <chrono>
#include <thread>

#include "tests/sim_driver/sim_kernel.h"

using fib::sim::global_index;

SIM_KERNEL(add, (int* p, int n, int value)) {
  if (const int i = global_index(); i < n) p[i] += value;
}

SIM_KERNEL(twice, (int* p, int n)) {
  if (const int i = global_index(); i < n) p[i] *= 2;
}

SIM_KERNEL(copy, (const int* from, int* to, int n)) {
  if (const int i = global_index(); i < n) to[i] = from[i];
}

SIM_KERNEL(count, (unsigned long long* p)) { std::atomic_ref(*p).fetch_add(1); }

SIM_KERNEL(nothing, ()) {}

SIM_KERNEL(spin, (int microseconds)) {
  if (global_index() == 0) std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
}
