// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "tests/sim_driver/sim_kernel.h"

/// What the kernels of tests/gpu/zoo/zoo.h compute, for the simulated driver: the first thread of a
/// block stands for all of them.
namespace fib::test::zoo {

inline constexpr int kThreads = 256;  ///< of every block

inline bool first_thread() { return sim::thread_index().x == 0; }
inline int block() { return static_cast<int>(sim::block_index().x); }
/// Elements [begin(), end(n)) are this block's.
inline int begin() { return block() * kThreads; }
inline int end(int n) { return std::min(n, begin() + kThreads); }

/// `rounds` dependent multiplications and additions, which come to nothing.
inline float chain(float value, int rounds) {
  for (int i = 0; i < rounds; ++i) value = value * -0.9999f + 0.5f;
  return value;
}

inline float stirred(float value) { return 2 * value + 1; }

/// The block's elements, with their work.
inline void stir_block(float* out, const float* in, int* spare, int n, int rounds) {
  if (chain(in[begin()], rounds) > 1e30f) *spare = 1;
  for (int i = begin(); i < end(n); ++i) out[i] = stirred(in[i]);
}

inline float sum_of(const float* values, int count) {
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += double{values[i]};
  return static_cast<float>(sum);
}

// bfloat16 as its upper 16 bits; to nearest, ties to even.
inline float widen(std::uint16_t b) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(b) << 16);
}
inline std::uint16_t narrow(float f) {
  const auto bits = std::bit_cast<std::uint32_t>(f);
  return static_cast<std::uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

inline float norm_scale(const std::uint16_t* row, float epsilon, int hidden) {
  float sum = 0;
  for (int i = 0; i < hidden; ++i) sum += widen(row[i]) * widen(row[i]);
  return 1 / std::sqrt(sum / static_cast<float>(hidden) + epsilon);
}

/// The block's row.
inline void norm_row(std::uint16_t* out, const std::uint16_t* in, const std::uint16_t* weight,
                     float epsilon, int hidden) {
  const std::int64_t start = std::int64_t{block()} * hidden;
  const float scale = norm_scale(in + start, epsilon, hidden);
  for (int i = 0; i < hidden; ++i)
    out[start + i] = narrow(widen(in[start + i]) * scale * widen(weight[i]));
}

}  // namespace fib::test::zoo
