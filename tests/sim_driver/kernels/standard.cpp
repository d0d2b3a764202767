// SPDX-License-Identifier: Apache-2.0
// The kernels that the tests launch.
#include <time.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>
#include <vector>

#include "tests/sim_driver/kernels/standard.h"
#include "tests/sim_driver/sim_kernel.h"

using fib::sim::block_dim;
using fib::sim::block_index;
using fib::sim::global_index;
using fib::sim::grid_dim;
using fib::sim::thread_index;

namespace {

// bfloat16 as its upper 16 bits.
float widen(uint16_t b) { return std::bit_cast<float>(static_cast<uint32_t>(b) << 16); }

uint16_t narrow(float f) {
  const auto bits = std::bit_cast<uint32_t>(f);
  return static_cast<uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >>
                               16);  // to nearest, ties to even
}

float root_mean_square(const uint16_t* row, int columns, float epsilon) {
  float sum = 0;
  for (int i = 0; i < columns; ++i) sum += widen(row[i]) * widen(row[i]);
  return std::sqrt(sum / static_cast<float>(columns) + epsilon);
}

}  // namespace

SIM_GLOBAL(int, launch_counter);
SIM_CONSTANT(Coefficients, coefficients);

SIM_KERNEL(noop, ()) {}

SIM_KERNEL(fill, (float* out, float value, int n)) {
  if (const int i = global_index(); i < n) out[i] = value;
}

SIM_KERNEL(copy, (const float* in, float* out, int n)) {
  if (const int i = global_index(); i < n) out[i] = in[i];
}

SIM_KERNEL(scale, (float* data, float factor, int n)) {
  if (const int i = global_index(); i < n) data[i] *= factor;
}

SIM_KERNEL(saxpy, (int n, float a, const float* x, float* y)) {
  if (const int i = global_index(); i < n) y[i] += a * x[i];
}

SIM_KERNEL(big_struct, (BigStruct args)) {
  const int i = global_index();
  if (i >= args.n) return;
  float sum = 0;
  for (int k = 0; k < args.inputs; ++k) sum += args.in[k][i];
  args.out[i] = sum;
}

SIM_KERNEL(huge_params, (HugeParams params, int* out)) {
  int sum = 0;
  for (int word : params.words) sum += word;
  *out = sum;
}

// The first thread of each block adds all inputs, in an order that differs from launch to launch.
// One sum has few values that it can take, and is the same in two launches now and then; 16 of them
// are not.
SIM_KERNEL(random_order_sum, (const float* in, float* out, int n)) {
  if (thread_index().x != 0) return;
  std::vector<int> order(static_cast<size_t>(n));
  for (int i = 0; i < n; ++i) order[static_cast<size_t>(i)] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937{std::random_device{}()});
  for (int i : order) out[block_index().x] += in[i];
}

// The first thread stands for all.
SIM_KERNEL(spin, (int microseconds)) {
  if (global_index() != 0) return;
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto ns = [](const timespec& t) { return t.tv_sec * 1'000'000'000L + t.tv_nsec; };
  const long end = ns(now) + microseconds * 1000L;
  while (ns(now) < end) ::clock_gettime(CLOCK_MONOTONIC, &now);
}

SIM_KERNEL(use_globals, (float* data, int n)) {
  const int i = global_index();
  if (i == 0) ++launch_counter;
  if (i < n) data[i] = data[i] * coefficients.factor + coefficients.offset;
}

// One block per row.
SIM_KERNEL_WITH(rms_norm,
                (uint16_t * out, const uint16_t* in, const uint16_t* weight, float epsilon,
                 int columns),
                .registers = 40, .static_shared = 128, .max_threads = 512) {
  const size_t start = static_cast<size_t>(block_index().x) * static_cast<size_t>(columns);
  const float norm = root_mean_square(in + start, columns, epsilon);
  for (int i = static_cast<int>(thread_index().x); i < columns;
       i += static_cast<int>(block_dim().x))
    out[start + static_cast<size_t>(i)] =
        narrow(widen(in[start + static_cast<size_t>(i)]) / norm * widen(weight[i]));
}

// Wrong on purpose: writes one element past its buffer.
SIM_KERNEL(overrun, (float* out, float value, int n)) {
  if (const int i = global_index(); i <= n) out[i] = value;
}

// Reads and writes what it is told the address of: finds missing ordering and wrong liveness.
SIM_KERNEL(add_one, (int* counter)) { *counter = *counter + 1; }
