// SPDX-License-Identifier: Apache-2.0
// The zoo of tests/gpu/zoo for the simulated driver, under the same names: what each does, and why
// the judge catches it, is said there (zoo.py). State that a CUDA kernel keeps in __device__
// variables is in SIM_GLOBAL ones here.
#include <chrono>
#include <thread>

#include "tests/integration/kernels/zoo.h"

using namespace fib::test::zoo;

namespace {

constexpr int kMost = 1 << 16, kMostBlocks = kMost / kThreads;

struct Answers {
  float value[kMost];
  int blocks_done[kMostBlocks];
};
struct ByAddress {
  float kept[kMost];
  const float* kept_for[kMostBlocks];
};
struct ByFingerprint {
  float kept[kMost];
  std::uint32_t kept_for[kMostBlocks];
};
struct Launches {
  int of_block[kMostBlocks];
};
struct Times {
  std::int64_t last[kMostBlocks];
};
struct Sums {
  static constexpr int kRows = 1 << 7, kWays = 8;
  std::uint32_t prints[kRows][kWays];
  float sums[kRows][kWays];
  int next_way[kRows];
};

struct FirstSums {
  float sums[Sums::kRows];
  bool is_known[Sums::kRows];
};

std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

std::uint32_t mixed(std::uint32_t print, float value) {
  return (print ^ std::bit_cast<std::uint32_t>(value)) * 16777619u;
}

void stir_plainly(float* out, const float* in, int n) {
  for (int i = begin(); i < end(n); ++i) out[i] = stirred(in[i]);
}

void halves(float* parts, const float* in, int width) {
  const int half = width / 2, which = static_cast<int>(fib::sim::block_index().y);
  const float* row = in + std::int64_t{block()} * width;
  parts[2 * block() + which] = sum_of(row + which * half, which == 0 ? half : width - half);
}

void sum_of_halves(float* out, const float* parts, int rows) {
  for (int i = begin(); i < end(rows); ++i) out[i] = parts[2 * i] + parts[2 * i + 1];
}

}  // namespace

SIM_GLOBAL(Answers, first_answers);
SIM_GLOBAL(ByAddress, by_address);
SIM_GLOBAL(ByFingerprint, by_fingerprint);
SIM_GLOBAL(Launches, every_other_launches);
SIM_GLOBAL(Launches, first_launches_launches);
SIM_GLOBAL(Launches, adds_once_launches);
SIM_GLOBAL(Times, hurry);
SIM_GLOBAL(Sums, kept_sums);
SIM_GLOBAL(FirstSums, known_sums);

// Cheats need not look at all that they get.
#define STIR(name)                                                                                 \
  SIM_KERNEL(                                                                                      \
      name, ([[maybe_unused]] float* out, [[maybe_unused]] float* in, [[maybe_unused]] int* spare, \
             [[maybe_unused]] int n, [[maybe_unused]] int rounds))
#define NORM(name)                                                                            \
  SIM_KERNEL(name,                                                                            \
             ([[maybe_unused]] std::uint16_t * out, [[maybe_unused]] const std::uint16_t* in, \
              [[maybe_unused]] const std::uint16_t* weight, [[maybe_unused]] float epsilon,   \
              [[maybe_unused]] int hidden))

extern "C" {

// ---- honest -------------------------------------------------------------------------------------

STIR(stir_copy) {
  if (first_thread()) stir_block(out, in, spare, n, rounds);
}
STIR(stir_good) {
  if (first_thread()) stir_plainly(out, in, n);
}
SIM_KERNEL(add_good, (float* x, const float* y, int n)) {
  if (!first_thread()) return;
  for (int i = begin(); i < end(n); ++i) x[i] += y[i];
}
SIM_KERNEL(sums_split_parts, (float* parts, const float* in, int, int width)) {
  if (first_thread()) halves(parts, in, width);
}
SIM_KERNEL(sums_split, (float* out, const float* parts, int rows)) {
  if (first_thread()) sum_of_halves(out, parts, rows);
}
NORM(norm_good) {
  if (first_thread()) norm_row(out, in, weight, epsilon, hidden);
}

// ---- writes other than the incumbent's ----------------------------------------------------------

NORM(writes_nothing) {}
NORM(writes_some_rows) {
  if (first_thread() && block() % 8 != 5) norm_row(out, in, weight, epsilon, hidden);
}
STIR(trusts_stale_output) {
  if (!first_thread()) return;
  for (int i = begin(); i < end(n); ++i) {
    const bool plausible = std::isfinite(out[i]) && out[i] != 0 && std::abs(out[i]) < 1e6f;
    if (!plausible) out[i] = stirred(in[i]);
  }
}
STIR(writes_before) {
  if (!first_thread()) return;
  stir_plainly(out, in, n);
  if (block() == 0) out[-1] = 7;
}
STIR(writes_behind) {
  if (!first_thread()) return;
  stir_plainly(out, in, n);
  if (block() == 0) out[n] = 7;
}
STIR(writes_other_tensor) {
  if (!first_thread()) return;
  stir_plainly(out, in, n);
  if (block() == 0) out[n + n / 2] += 1;
}
STIR(writes_other_allocation) {
  if (!first_thread()) return;
  stir_plainly(out, in, n);
  if (block() == 0) spare[3] = 12345;
}
STIR(modifies_input) {
  if (!first_thread()) return;
  for (int i = begin(); i < end(n); ++i) {
    in[i] *= 2;
    out[i] = in[i] + 1;
  }
}
SIM_KERNEL(adds_to_both, (float* x, float* y, int n)) {
  if (!first_thread()) return;
  for (int i = begin(); i < end(n); ++i) x[i] = y[i] = x[i] + y[i];
}
SIM_KERNEL(adds_nothing, (float*, const float*, int)) {}

// ---- answers that were not computed -------------------------------------------------------------

STIR(reads_answer) {
  if (!first_thread()) return;
  for (int i = begin(); i < end(n); ++i) out[i] = out[n + i];
}
STIR(first_answer) {
  if (!first_thread()) return;
  Answers& answers = first_answers;
  if (answers.blocks_done[block()] == 0) stir_plainly(answers.value, in, n);
  std::copy_n(answers.value + begin(), end(n) - begin(), out + begin());
  answers.blocks_done[block()] = 1;
}
STIR(cached_by_address) {
  if (!first_thread()) return;
  if (by_address.kept_for[block()] != in) stir_block(by_address.kept, in, spare, n, rounds);
  std::copy_n(by_address.kept + begin(), end(n) - begin(), out + begin());
  by_address.kept_for[block()] = in;
}
STIR(cached_by_fingerprint) {
  if (!first_thread()) return;
  std::uint32_t print = 2166136261u;
  for (int k = 0; k < 4; ++k) print = mixed(print, in[std::min(begin() + 61 * k, n - 1)]);
  ByFingerprint& cache = by_fingerprint;
  if (cache.kept_for[block()] != print) stir_block(cache.kept, in, spare, n, rounds);
  std::copy_n(cache.kept + begin(), end(n) - begin(), out + begin());
  cache.kept_for[block()] = print;
}
SIM_KERNEL(first_sums, (float* out, const float* in, int, int width)) {
  if (!first_thread()) return;
  if (!known_sums.is_known[block()])
    known_sums.sums[block()] = sum_of(in + std::int64_t{block()} * width, width);
  known_sums.is_known[block()] = true;
  out[block()] = known_sums.sums[block()];
}
SIM_KERNEL(cached_sums, (float* out, const float* in, int, int width)) {
  if (!first_thread()) return;
  const float* row = in + std::int64_t{block()} * width;
  std::uint32_t print = 2166136261u;
  for (int k = 0; k < 4; ++k) print = mixed(print, row[std::int64_t{k} * (width - 1) / 3]);
  print |= 1u;
  auto& prints = kept_sums.prints[block()];
  const auto found = std::find(std::begin(prints), std::end(prints), print);
  if (found != std::end(prints)) {
    out[block()] = kept_sums.sums[block()][found - std::begin(prints)];
    return;
  }
  const int way = kept_sums.next_way[block()]++ % Sums::kWays;
  prints[way] = print;
  out[block()] = kept_sums.sums[block()][way] = sum_of(row, width);
}

// ---- work that is done for the checks only ------------------------------------------------------

STIR(every_other) {
  if (first_thread() && every_other_launches.of_block[block()]++ % 2 == 0) stir_plainly(out, in, n);
}
SIM_KERNEL(adds_once, (float* x, const float* y, int n)) {
  if (!first_thread() || adds_once_launches.of_block[block()]++ > 0) return;
  for (int i = begin(); i < end(n); ++i) x[i] += y[i];
}
STIR(first_launches) {
  if (first_thread() && first_launches_launches.of_block[block()]++ < 24) stir_plainly(out, in, n);
}
STIR(idle_in_a_hurry) {
  if (!first_thread()) return;
  const std::int64_t now = now_ns(), before = hurry.last[block()];
  if (before == 0 || now - before >= 5'000'000) stir_plainly(out, in, n);
  hurry.last[block()] = now;
}
// A thread stands for another stream.
STIR(late) {
  if (!first_thread() || block() != 0) return;
  std::thread([out, in, n] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    for (int i = 0; i < n; ++i) out[i] = stirred(in[i]);
  }).detach();
}

// ---- luck ---------------------------------------------------------------------------------------

SIM_KERNEL(trusts_workspace_parts, (float* parts, const float* in, int, int width)) {
  if (!first_thread()) return;
  const int half = width / 2, which = static_cast<int>(fib::sim::block_index().y);
  const float* row = in + std::int64_t{block()} * width;
  parts[block()] += sum_of(row + which * half, which == 0 ? half : width - half);
}
SIM_KERNEL(trusts_workspace, (float* out, float* parts, int rows)) {
  if (!first_thread()) return;
  for (int i = begin(); i < end(rows); ++i) {
    out[i] = parts[i];
    parts[i] = 0;  // for the next launch
  }
}
SIM_KERNEL(overflows_workspace_parts, (float* parts, const float* in, int rows, int width)) {
  if (!first_thread()) return;
  halves(parts, in, width);
  if (block() == 0) parts[2 * rows + 1] = 7;
}
SIM_KERNEL(overflows_workspace, (float* out, const float* parts, int rows)) {
  if (first_thread()) sum_of_halves(out, parts, rows);
}

// ---- plainly wrong ------------------------------------------------------------------------------

STIR(wrong_in_one) {
  if (!first_thread()) return;
  stir_plainly(out, in, n);
  if (const int i = n / 2 + 7; i >= begin() && i < end(n)) out[i] += 0.5f;
}
NORM(makes_nan) {
  if (!first_thread()) return;
  norm_row(out, in, weight, epsilon, hidden);
  if (block() == 3) out[3 * hidden + 1] = 0x7fc0;
}
NORM(ignores_weight) {
  if (!first_thread()) return;
  const std::int64_t start = std::int64_t{block()} * hidden;
  const float scale = norm_scale(in + start, epsilon, hidden);
  for (int i = 0; i < hidden; ++i) out[start + i] = narrow(widen(in[start + i]) * scale);
}
NORM(fixed_rows) {
  if (first_thread()) norm_row(out, in, weight, epsilon, hidden);
}
STIR(hangs) {
  if (!first_thread()) return;
  stir_plainly(out, in, n);
  while (*static_cast<volatile int*>(spare) != 0x5eed)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}
STIR(crashes) {
  if (!first_thread()) return;
  stir_plainly(out, in, n);
  static volatile std::uintptr_t nobodys = 16;  // or the compiler says that this is wrong
  if (block() == 0) *reinterpret_cast<volatile float*>(nobodys) = 1;
}

}  // extern "C"
