// SPDX-License-Identifier: Apache-2.0
// Kernels of an engine, and candidates that are to take their places: good ones, and one for each
// way to be wrong. One thread stands for all where that is simpler.
#include <time.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <random>

#include "tests/sim_driver/sim_kernel.h"

using fib::sim::global_index;

namespace {

constexpr int kMost = 4096;

float mixed(const float* x, const float* w, const int* at, int i) { return x[i] * w[at[i]] + 1; }

void repeated(const float* x, const int* at, float* y, int i) {
  for (int k = 0; k < at[0]; ++k) y[i * at[0] + k] = x[i] + static_cast<float>(k);
}

double uniform(std::int64_t seed, int row) {
  std::uint64_t state = static_cast<std::uint64_t>(seed) * 0x9e3779b97f4a7c15 +
                        static_cast<std::uint64_t>(row) * 0xbf58476d1ce4e5b9;
  for (int i = 0; i < 3; ++i) state = (state ^ state >> 29) * 0x94d049bb133111eb;
  return static_cast<double>(state >> 11) * 0x1p-53;
}

/// The token at which the sum of the shares passes `share` of the whole.
int drawn(const float* probs, double share, int tokens) {
  double rest = 0;
  for (int token = 0; token < tokens; ++token) rest += probs[token];
  rest *= share;
  for (int token = 0; token < tokens - 1; ++token)
    if ((rest -= probs[token]) < 0) return token;
  return tokens - 1;
}

void rest_us(long microseconds) {
  const timespec length{0, microseconds * 1000};
  ::nanosleep(&length, nullptr);
}

}  // namespace

SIM_GLOBAL(int, calls);
SIM_GLOBAL(int, has_cached);
float cached[kMost];

extern "C" {

// ---- the engine ---------------------------------------------------------------------------------

SIM_KERNEL(engine_mix, (const float* x, const float* w, const int* at, float* y, int n)) {
  if (const int i = global_index(); i < n) y[i] = mixed(x, w, at, i);
}
SIM_KERNEL(engine_slow, (const float* x, const float* w, const int* at, float* y, int n)) {
  if (global_index() == 0) rest_us(2000);
  if (const int i = global_index(); i < n) y[i] = mixed(x, w, at, i);
}
// Leaves every second element alone.
SIM_KERNEL(engine_even, (const float* x, const float* w, const int* at, float* y, int n)) {
  if (const int i = global_index(); i < n && i % 2 == 0) y[i] = mixed(x, w, at, i);
}
// Counts its launches in front of the weights.
SIM_KERNEL(engine_counted, (const float* x, float* w, const int* at, float* y, int n)) {
  if (const int i = global_index(); i < n) y[i] = mixed(x, w, at, i);
  if (global_index() == 0) w[-1] += 1;
}
SIM_KERNEL(engine_add, (const float* x, const float*, const int*, float* y, int n)) {
  if (const int i = global_index(); i < n) y[i] += x[i];
}
SIM_KERNEL(engine_repeat, (const float* x, const float*, const int* at, float* y, int n)) {
  if (const int i = global_index(); i < n) repeated(x, at, y, i);
}
// Three rows and not the next three: pages that it writes, leaves alone, and half of each.
SIM_KERNEL(engine_some, (const float* x, const float*, const int* at, float* y, int n)) {
  if (const int i = global_index(); i < n && i / 3 % 2 == 0) repeated(x, at, y, i);
}
SIM_KERNEL(engine_random, (const float* x, const float* w, const int* at, float* y, int n)) {
  static std::mt19937 random{std::random_device{}()};
  if (const int i = global_index(); i < n)
    y[i] = mixed(x, w, at, i) + static_cast<float>(random() % 8) * 1e-6F;
}

// ---- candidates ---------------------------------------------------------------------------------

SIM_KERNEL(good, (const float* x, const float* w, const int* at, float* y, int n)) {
  if (const int i = global_index(); i < n) y[i] = mixed(x, w, at, i);
}
SIM_KERNEL(good_repeat, (const float* x, const float*, const int* at, float* y, int n)) {
  if (const int i = global_index(); i < n) repeated(x, at, y, i);
}
SIM_KERNEL(good_some, (const float* x, const float*, const int* at, float* y, int n)) {
  if (const int i = global_index(); i < n && i / 3 % 2 == 0) repeated(x, at, y, i);
}
// Leaves one element in the middle alone, in the last row.
SIM_KERNEL(holed_repeat, (const float* x, const float*, const int* at, float* y, int n)) {
  const int i = global_index();
  if (i >= n) return;
  float& middle = y[i * at[0] + at[0] / 2];
  const float before = middle;
  repeated(x, at, y, i);
  if (i == n - 1) middle = before;
}
SIM_KERNEL(near_repeat, (const float* x, const float*, const int* at, float* y, int n)) {
  const int i = global_index();
  if (i >= n) return;
  repeated(x, at, y, i);
  for (int k = 0; k < at[0]; ++k) y[i * at[0] + k] *= 1.0001F;
}
SIM_KERNEL(near, (const float* x, const float* w, const int* at, float* y, int n)) {
  if (const int i = global_index(); i < n) y[i] = mixed(x, w, at, i) * 1.0001F;
}
SIM_KERNEL(good_add, (const float* x, const float*, const int*, float* y, int n)) {
  if (const int i = global_index(); i < n) y[i] += x[i];
}
SIM_KERNEL(good_even, (const float* x, const float* w, const int* at, float* y, int n)) {
  if (const int i = global_index(); i < n && i % 2 == 0) y[i] = mixed(x, w, at, i);
}
SIM_KERNEL(good_counted, (const float* x, float* w, const int* at, float* y, int n)) {
  if (const int i = global_index(); i < n) y[i] = mixed(x, w, at, i);
  if (global_index() == 0) w[-1] += 1;
}
SIM_KERNEL(slow, (const float* x, const float* w, const int* at, float* y, int n)) {
  if (global_index() == 0) rest_us(4000);
  if (const int i = global_index(); i < n) y[i] = mixed(x, w, at, i);
}
SIM_KERNEL(wrong, (const float* x, const float* w, const int* at, float* y, int n)) {
  const int i = global_index();
  if (i < n) y[i] = mixed(x, w, at, i) + (i == 7 ? 1.0F : 0.0F);
}
SIM_KERNEL(not_a_number, (const float* x, const float* w, const int* at, float* y, int n)) {
  const int i = global_index();
  if (i < n) y[i] = i == 7 ? std::nanf("") : mixed(x, w, at, i);
}
SIM_KERNEL(bfloats, (const float* x, const float* w, const int* at, float* y, int n)) {
  if (const int i = global_index(); i < n)
    reinterpret_cast<std::uint16_t*>(y)[i] =
        static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(mixed(x, w, at, i)) >> 16);
}
SIM_KERNEL(too_little, (const float* x, const float* w, const int* at, float* y, int n)) {
  if (const int i = global_index(); i < n - 1) y[i] = mixed(x, w, at, i);
}
SIM_KERNEL(too_much, (const float* x, const float* w, const int* at, float* y, int n)) {
  const int i = global_index();
  if (i < n) y[i] = mixed(x, w, at, i);
  if (i == 0) y[n] = 1;
}
// Beyond what the engine has there at all.
SIM_KERNEL(far_too_much, (const float* x, const float* w, const int* at, float* y, int n)) {
  const int i = global_index();
  if (i < n) y[i] = mixed(x, w, at, i);
  if (i == 0) y[100000] = 1;
}
SIM_KERNEL(spoils_inputs, (float* x, const float* w, const int* at, float* y, int n)) {
  const int i = global_index();
  if (i < n) y[i] = mixed(x, w, at, i);
  if (i == n - 1) x[3] = 0;
}
SIM_KERNEL(accumulates, (const float* x, const float* w, const int* at, float* y, int n)) {
  if (const int i = global_index(); i < n) y[i] = y[i] * 0.5F + mixed(x, w, at, i);
}
SIM_KERNEL(trembles, (const float* x, const float* w, const int* at, float* y, int n)) {
  static std::mt19937 random{std::random_device{}()};
  const int i = global_index();
  if (i < n) y[i] = mixed(x, w, at, i) * (1 + static_cast<float>(random() % 8) * 1e-6F);
}
// Computes once.
SIM_KERNEL(remembers, (const float* x, const float* w, const int* at, float* y, int n)) {
  const int i = global_index();
  if (i >= n) return;
  if (has_cached == 0) cached[i] = mixed(x, w, at, i);
  y[i] = cached[i];
  if (i == n - 1) has_cached = 1;
}
SIM_KERNEL(late, (const float* x, const float* w, const int* at, float* y, int n)) {
  const int i = global_index();
  if (i == 0) ++calls;
  if (i < n) y[i] = mixed(x, w, at, i) + (calls > 12 && i == 3 ? 1.0F : 0.0F);
}
// Does nothing if it is launched four times sooner than ever since the last time: by the process's
// own time, which other processes do not stretch. (A checked launch comes after milliseconds of it,
// under a sanitizer tens of them; one in a hurry after some 20 us, now and then a millisecond.)
SIM_KERNEL(hurried, (const float* x, const float* w, const int* at, float* y, int n)) {
  static std::int64_t last = 0, shortest = 0;
  static bool idle = false;
  if (global_index() == 0) {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    const std::int64_t now = time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
    const std::int64_t gap = last != 0 ? now - last : 0;
    idle = gap < shortest / 4;
    if (!idle) shortest = shortest != 0 ? std::min(shortest, gap) : gap;
    last = now;
  }
  if (const int i = global_index(); i < n && !idle) y[i] = mixed(x, w, at, i);
}
// Keeps its last answer, and knows by one value in 16 whether it still holds.
SIM_KERNEL(skims, (const float* x, const float* w, const int* at, float* y, int n)) {
  static float seen[kMost];
  const int i = global_index();
  if (i >= n) return;
  const int first = i / 16 * 16;
  if (i == first && (has_cached == 0 || seen[first] != x[first])) {
    for (int k = first; k < n && k < first + 16; ++k) cached[k] = mixed(x, w, at, k);
    seen[first] = x[first];
  }
  y[i] = cached[i];
  if (i == n - 1) has_cached = 1;
}
SIM_KERNEL(crashes, (const float*, const float*, const int*, float* y, int)) {
  if (global_index() == 0) *reinterpret_cast<float*>(reinterpret_cast<std::uintptr_t>(y) % 7) = 1;
}
SIM_KERNEL(hangs, (const float*, const float*, const int*, float*, int)) {
  for (std::atomic<int> never{0}; never.load() == 0;) rest_us(1000);
}
// Two kernels with a workspace between them.
SIM_KERNEL(first, (const float* x, float* between, int n)) {
  if (const int i = global_index(); i < n) between[i] = x[i];
}
SIM_KERNEL(second, (const float* between, const float* w, const int* at, float* y, int n)) {
  if (const int i = global_index(); i < n) y[i] = mixed(between, w, at, i);
}
SIM_KERNEL(first_dirty, (const float* x, float* between, int n)) {
  if (const int i = global_index(); i < n) between[i] = between[i] * 0.5F + x[i];
}
SIM_KERNEL(first_before, (const float* x, float* between, int n)) {
  if (const int i = global_index(); i < n) between[i] = x[i];
  if (global_index() == 0) between[-2] = 1;
}

// ---- samplers -----------------------------------------------------------------------------------

SIM_KERNEL(draws, (const float* probs, std::int64_t seed, int* samples, int rows, int tokens)) {
  if (const int i = global_index(); i < rows)
    samples[i] = drawn(probs + i * tokens, uniform(seed, i), tokens);
}
// Always what is likeliest.
SIM_KERNEL(greedy, (const float* probs, std::int64_t, int* samples, int rows, int tokens)) {
  if (const int i = global_index(); i < rows)
    samples[i] = static_cast<int>(std::max_element(probs + i * tokens, probs + (i + 1) * tokens) -
                                  (probs + i * tokens));
}
// Likely tokens too often.
SIM_KERNEL(sharpens, (const float* probs, std::int64_t seed, int* samples, int rows, int tokens)) {
  const int i = global_index();
  if (i >= rows) return;
  float squares[64];
  for (int token = 0; token < tokens; ++token) {
    const float p = probs[i * tokens + token];
    squares[token] = p * p * p;
  }
  samples[i] = drawn(squares, uniform(seed, i), tokens);
}

}  // extern "C"
