// SPDX-License-Identifier: Apache-2.0
// Kernels that are hard to bring back: see kernels/replay.h.
#include "tests/integration/kernels/replay.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "tests/sim_driver/sim_kernel.h"

using fib::sim::global_index;
using fib::test::Table;

SIM_GLOBAL(Table, table);
SIM_CONSTANT(int, step_constant);

namespace {

void wait_for(const int* word, int value) {
  while (std::atomic_ref(*const_cast<int*>(word)).load() < value) std::this_thread::yield();
}

}  // namespace

extern "C" {

SIM_KERNEL(accumulate, (int* to, const int* from, int n)) {
  if (const int i = global_index(); i < n) to[i] += from[i];
}

SIM_KERNEL(table_add, (int n, int value)) {
  if (const int i = global_index(); i < n) table.values[i] += value + step_constant;
}

SIM_KERNEL(table_twice, (int n)) {
  if (const int i = global_index(); i < n) table.values[i] *= 2;
}

SIM_KERNEL(table_to, (int* to, int n)) {
  if (const int i = global_index(); i < n) to[i] += table.values[i];
}

SIM_KERNEL(through_pointers, (int* const* pointers, int count, int value)) {
  if (const int i = global_index(); i < count) *pointers[i] += value;
}

SIM_KERNEL(random_sum, (const float* in, float* out, int n, int sums)) {
  const int sum = global_index();
  if (sum >= sums) return;
  std::vector<int> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), std::mt19937{std::random_device{}()});
  float total = 0;
  for (const int i : order) total += in[i];
  out[sum] = total;
}

SIM_KERNEL(wait_for_flag, (const int* flag, int value, int* out)) {
  if (global_index() != 0) return;
  wait_for(flag, value);
  *out += 1;
}

SIM_KERNEL(talk, (int* mine, const int* theirs, int rounds, int* out)) {
  if (global_index() != 0) return;
  for (int round = 1; round <= rounds; ++round) {
    std::atomic_ref(*mine).store(round);
    wait_for(theirs, round);
  }
  *out += rounds;
}

// A name of a communication library; wrong without its peers, so a replay must not run it.
SIM_KERNEL(ncclDevKernel_AllReduce_Sum_f32_RING_LL, (int* data, const int* peer, int n)) {
  if (const int i = global_index(); i < n) data[i] += peer[i];
}

}  // extern "C"
