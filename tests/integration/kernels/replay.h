// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The kernels of it_replay.simcubin: names, and what they share with the programs.
namespace fib::test {

inline constexpr int kTableValues = 1024;

/// The module's global variable `table`.
struct Table {
  int values[kTableValues];
};

inline constexpr const char* kAccumulate = "accumulate";  // (int* to, const int* from, int n)
inline constexpr const char* kTableAdd =
    "table_add";  // (int n, int value): table += value + step_constant
inline constexpr const char* kTableTwice = "table_twice";  // (int n)
inline constexpr const char* kTableTo = "table_to";        // (int* to, int n): to += table
/// (int* const* pointers, int count, int value): adds to what each pointer in memory points to
inline constexpr const char* kThroughPointers = "through_pointers";
/// (const float* in, float* out, int n, int sums): `sums` times the sum, each in a random order
inline constexpr const char* kRandomSum = "random_sum";
/// (const int* flag, int value, int* out): returns once *flag is at least `value`; adds 1 to *out
inline constexpr const char* kWaitForFlag = "wait_for_flag";
/// (int* mine, const int* theirs, int rounds, int* out): two of them at a time wait for each other
inline constexpr const char* kTalk = "talk";
/// (int* data, const int* peer, int n): looks like a kernel of NCCL
inline constexpr const char* kAllReduce = "ncclDevKernel_AllReduce_Sum_f32_RING_LL";

}  // namespace fib::test
