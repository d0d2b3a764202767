// SPDX-License-Identifier: Apache-2.0
// Replacements for the kernels of the other images: the same bodies under other names, so that what
// really ran can be told from FIBSIM_COUNT_FILE. A candidate's name is the original's, unmangled,
// with "_candidate" behind it.
#include <atomic>
#include <chrono>
#include <thread>

#include "tests/integration/kernels/apply.h"
#include "tests/integration/kernels/params.h"
#include "tests/sim_driver/sim_kernel.h"

using fib::sim::global_index;
using fib::test::blend_one;

SIM_GLOBAL(int, late_calls);

extern "C" {

// ---- of it_basic --------------------------------------------------------------------------------

SIM_KERNEL(add_candidate, (int* p, int n, int value)) {
  if (const int i = global_index(); i < n) p[i] += value;
}
SIM_KERNEL(twice_candidate, (int* p, int n)) {
  if (const int i = global_index(); i < n) p[i] *= 2;
}
SIM_KERNEL(copy_candidate, (const int* from, int* to, int n)) {
  if (const int i = global_index(); i < n) to[i] = from[i];
}
SIM_KERNEL(count_candidate, (unsigned long long* p)) { std::atomic_ref(*p).fetch_add(1); }
SIM_KERNEL(nothing_candidate, ()) {}
SIM_KERNEL(spin_candidate, (int microseconds)) {
  if (global_index() == 0) std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
}

// ---- of it_params, it_replay, it_mark_a and it_mark_b -------------------------------------------

SIM_KERNEL(axpy_candidate, (fib::test::Axpy a)) {
  if (const int i = global_index(); i < a.n) a.y[i] += static_cast<int>(a.factor) * a.x[i];
}
SIM_KERNEL(big_candidate, (fib::test::Big b)) {
  std::uint64_t sum = 0;
  for (const std::uint32_t value : b.values) sum += value;
  *b.sum += sum;
}
SIM_KERNEL(mixed_candidate, (char a, double b, short c, int* out, float d, char e)) {
  *out += a + static_cast<int>(b) + c + static_cast<int>(d) + e;
}
SIM_KERNEL(accumulate_candidate, (int* to, const int* from, int n)) {
  if (const int i = global_index(); i < n) to[i] += from[i];
}
SIM_KERNEL(mark_a_candidate, (int* p)) { *p = 'a'; }
SIM_KERNEL(mark_b_candidate, (int* p)) { *p = 'b'; }

// ---- of it_apply --------------------------------------------------------------------------------

SIM_KERNEL(blend_candidate, (const int* in, int* out, int rows, int width, int value, int)) {
  blend_one(in, out, rows, width, value, global_index());
}
// Other parameters, in another order, and two values to a thread.
SIM_KERNEL(blend_fast, (int rows, int width, int value, const int* in, int* out)) {
  blend_one(in, out, rows, width, value, 2 * global_index());
  blend_one(in, out, rows, width, value, 2 * global_index() + 1);
}
// Two kernels in sequence, with a workspace between them.
SIM_KERNEL(blend_first, (const int* in, int* workspace, int values)) {
  if (const int i = global_index(); i < values) workspace[i] = 2 * in[i];
}
SIM_KERNEL(blend_second, (const int* workspace, int* out, int values, int value)) {
  if (const int i = global_index(); i < values) out[i] = workspace[i] + value;
}
SIM_KERNEL(blend_wrong, (const int* in, int* out, int rows, int width, int value, int)) {
  blend_one(in, out, rows, width, value, global_index());
  if (global_index() == 7) out[7] += 1;
}
// Right for a while.
SIM_KERNEL(blend_late, (const int* in, int* out, int rows, int width, int value, int)) {
  blend_one(in, out, rows, width, value, global_index());
  if (global_index() == 3 && std::atomic_ref(late_calls).fetch_add(1) >= 50) out[3] += 1;
}

}  // extern "C"
