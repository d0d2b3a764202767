// SPDX-License-Identifier: Apache-2.0
#pragma once

#ifndef __CUDACC_RTC__
#include <cstring>
#endif

/// How a candidate's output is compared with the incumbent's, element by element. Shared by
/// compare.cu, its simulated counterpart and the tests.
///
/// Elements agree if |candidate - reference| is at most max_absolute, or at most max_relative *
/// |reference|. A NaN agrees with a NaN only, an infinity only with itself. Integers and truth
/// values are numbers like all others: with tolerances of 0 they must be equal.

#ifdef __CUDACC__
#define FIB_COMPARE_DEVICE __host__ __device__ inline
#define FIB_COMPARE_ALIAS
#else
#define FIB_COMPARE_DEVICE inline
#define FIB_COMPARE_ALIAS __attribute__((may_alias))
#endif

namespace fib::dispatch {

using CompareWord = unsigned long long;

enum class CompareType : unsigned {
  Float32,
  Float16,
  BFloat16,
  Float64,
  Float8E4M3,  ///< e4m3fn: no infinities
  Float8E5M2,
  Int64,
  Int32,
  Int16,
  Int8,
  UInt8,
  Bool
};
inline constexpr unsigned kCompareTypes = 12;

/// Outputs that one launch of the kernel compares.
inline constexpr unsigned kCompareOutputs = 8;
/// Threads per block, as __launch_bounds__ has it.
inline constexpr unsigned kCompareThreads = 256;
/// Bytes on both sides of a candidate's output that it must leave alone, and what is in them.
inline constexpr unsigned kCanaryBytes = 256;
inline constexpr unsigned char kCanary = 0xC5;
/// Outputs are read in pieces of so many bytes, at multiples of them.
inline constexpr unsigned kCompareChunk = 16;

/// One output. The canary zones lie directly before and behind the candidate's bytes.
struct CompareTask {
  CompareWord reference, candidate;  ///< addresses, equal modulo kCompareChunk
  CompareWord elements;
  CompareType type;
  unsigned unused;
  double max_absolute, max_relative;
};

/// What differs in one output.
struct CompareResult {
  CompareWord mismatches;  ///< elements beyond both tolerances
  CompareWord special;     ///< those of them where a NaN or an infinity stands on one side alone
  CompareWord first_bad;   ///< the lowest index of them, ~0 if there is none
  CompareWord canary;      ///< bytes of the canary zones that were changed
  double max_absolute;     ///< over all finite pairs
  double max_relative;     ///< over all finite pairs whose reference is not 0
};

/// In host memory that the GPU writes: all results, then the number.
struct CompareReport {
  CompareResult results[kCompareOutputs];
  CompareWord sequence;  ///< CompareJob::sequence once the results are there
};

/// Partial sums. All zeros says that nothing differs: the index is kept as its complement.
struct CompareSums {
  CompareWord mismatches, special, first, canary;
  double max_absolute, max_relative;

  FIB_COMPARE_DEVICE CompareResult result() const {
    return {mismatches, special, ~first, canary, max_absolute, max_relative};
  }
};

/// In device memory, all zeros before and after the kernel ran.
struct CompareScratch {
  CompareSums sums[kCompareOutputs];
  CompareWord blocks_done;
};

/// The kernel's parameter.
struct CompareJob {
  CompareTask tasks[kCompareOutputs];
  CompareWord count;     ///< of tasks
  CompareWord scratch;   ///< CompareScratch
  CompareWord report;    ///< CompareReport, as the GPU addresses it
  CompareWord sequence;  ///< not 0
};

/// Bytes of an element.
FIB_COMPARE_DEVICE constexpr unsigned compare_size(CompareType type) {
  switch (type) {
    case CompareType::Float64:
    case CompareType::Int64: return 8;
    case CompareType::Float32:
    case CompareType::Int32: return 4;
    case CompareType::Float16:
    case CompareType::BFloat16:
    case CompareType::Int16: return 2;
    default: return 1;
  }
}

namespace compare_detail {

FIB_COMPARE_DEVICE double from_bits(CompareWord bits) {
  double value = 0;
  static_assert(sizeof value == sizeof bits);
  memcpy(&value, &bits, sizeof value);
  return value;
}

/// A binary floating point number of up to 32 bits, exactly.
FIB_COMPARE_DEVICE double decode(CompareWord bits, unsigned exponent_bits, unsigned mantissa_bits,
                                 bool has_infinity) {
  constexpr CompareWord kInfinity = 0x7FFull << 52, kNaN = 0xFFFull << 51;
  const CompareWord sign = (bits >> (exponent_bits + mantissa_bits) & 1) << 63;
  const CompareWord top = (1ull << exponent_bits) - 1, all = (1ull << mantissa_bits) - 1;
  const CompareWord exponent = bits >> mantissa_bits & top, mantissa = bits & all;
  const CompareWord bias = top >> 1;
  if (exponent == top && has_infinity) return from_bits(mantissa != 0 ? kNaN : sign | kInfinity);
  if (exponent == top && mantissa == all) return from_bits(kNaN);
  if (exponent == 0) {
    const double unit = from_bits(sign | (1023 + 1 - bias - mantissa_bits) << 52);
    return static_cast<double>(mantissa) * unit;
  }
  return from_bits(sign | (exponent + 1023 - bias) << 52 | mantissa << (52 - mantissa_bits));
}

FIB_COMPARE_DEVICE double to_double(CompareType type, CompareWord bits) {
  switch (type) {
    case CompareType::Float32: return decode(bits, 8, 23, true);
    case CompareType::Float16: return decode(bits, 5, 10, true);
    case CompareType::BFloat16: return decode(bits, 8, 7, true);
    case CompareType::Float8E4M3: return decode(bits, 4, 3, false);
    case CompareType::Float8E5M2: return decode(bits, 5, 2, true);
    default: return from_bits(bits);
  }
}

FIB_COMPARE_DEVICE bool is_float(CompareType type) { return type <= CompareType::Float8E5M2; }

FIB_COMPARE_DEVICE long long to_integer(CompareType type, CompareWord bits) {
  switch (type) {
    case CompareType::Int8: return static_cast<signed char>(bits);
    case CompareType::Int16: return static_cast<short>(bits);
    case CompareType::Int32: return static_cast<int>(bits);
    default: return static_cast<long long>(bits);
  }
}

FIB_COMPARE_DEVICE double magnitude(double value) { return value < 0 ? -value : value; }

FIB_COMPARE_DEVICE bool is_finite(double value) { return value - value == 0; }

/// The error of a pair of numbers, and whether it is beyond both tolerances.
FIB_COMPARE_DEVICE bool exceeds(const CompareTask& task, double error, double reference,
                                CompareSums& sums) {
  if (error > sums.max_absolute) sums.max_absolute = error;
  if (reference > 0) {
    const double relative = error / reference;
    if (relative > sums.max_relative) sums.max_relative = relative;
  }
  return !(error <= task.max_absolute || error <= task.max_relative * reference);
}

FIB_COMPARE_DEVICE bool floats_differ(const CompareTask& task, double reference, double candidate,
                                      CompareSums& sums) {
  if (is_finite(reference) && is_finite(candidate)) {
    return exceeds(task, magnitude(candidate - reference), magnitude(reference), sums);
  }
  const bool both_nan = reference != reference && candidate != candidate;
  if (both_nan || reference == candidate) return false;
  ++sums.special;
  return true;
}

FIB_COMPARE_DEVICE bool integers_differ(const CompareTask& task, long long reference,
                                        long long candidate, CompareSums& sums) {
  const auto a = static_cast<CompareWord>(reference), b = static_cast<CompareWord>(candidate);
  const CompareWord error = reference < candidate ? b - a : a - b;
  return exceeds(task, static_cast<double>(error), magnitude(static_cast<double>(reference)), sums);
}

FIB_COMPARE_DEVICE CompareWord load(CompareWord address, unsigned bytes) {
  using Word FIB_COMPARE_ALIAS = CompareWord;
  using Half FIB_COMPARE_ALIAS = unsigned;
  using Quarter FIB_COMPARE_ALIAS = unsigned short;
  switch (bytes) {
    case 8: return *reinterpret_cast<const Word*>(address);
    case 4: return *reinterpret_cast<const Half*>(address);
    case 2: return *reinterpret_cast<const Quarter*>(address);
    default: return *reinterpret_cast<const unsigned char*>(address);
  }
}

FIB_COMPARE_DEVICE void compare_element(const CompareTask& task, CompareWord index, unsigned bytes,
                                        CompareSums& sums) {
  const CompareWord a = load(task.reference + index * bytes, bytes);
  const CompareWord b = load(task.candidate + index * bytes, bytes);
  if (a == b) return;
  const bool differ =
      is_float(task.type)
          ? floats_differ(task, to_double(task.type, a), to_double(task.type, b), sums)
          : integers_differ(task, to_integer(task.type, a), to_integer(task.type, b), sums);
  if (!differ) return;
  ++sums.mismatches;
  if (~index > sums.first) sums.first = ~index;
}

}  // namespace compare_detail

/// Pieces of an output, for compare_chunk(). The first and the last may be shorter.
FIB_COMPARE_DEVICE CompareWord compare_chunks(const CompareTask& task) {
  const CompareWord bytes = task.elements * compare_size(task.type);
  if (bytes == 0) return 0;
  return (task.reference % kCompareChunk + bytes + kCompareChunk - 1) / kCompareChunk;
}

/// Compares one piece. Most are equal bit by bit, which needs no arithmetic.
FIB_COMPARE_DEVICE void compare_chunk(const CompareTask& task, CompareWord chunk,
                                      CompareSums& sums) {
  const unsigned bytes = compare_size(task.type);
  const CompareWord skew = task.reference % kCompareChunk, end = skew + task.elements * bytes;
  const CompareWord from = chunk * kCompareChunk, to = from + kCompareChunk;
  if (from >= skew && to <= end) {
    const CompareWord a = task.reference - skew + from, b = task.candidate - skew + from;
    const CompareWord low = compare_detail::load(a, 8) ^ compare_detail::load(b, 8);
    const CompareWord high = compare_detail::load(a + 8, 8) ^ compare_detail::load(b + 8, 8);
    if ((low | high) == 0) return;
  }
  const CompareWord first = from > skew ? (from - skew) / bytes : 0;
  const CompareWord last = ((to < end ? to : end) - skew) / bytes;
  for (CompareWord i = first; i < last; ++i) compare_detail::compare_element(task, i, bytes, sums);
}

/// Looks at byte `index` of the 2 * kCanaryBytes bytes around the candidate's output.
FIB_COMPARE_DEVICE void compare_canary(const CompareTask& task, unsigned index, CompareSums& sums) {
  const CompareWord end = task.candidate + task.elements * compare_size(task.type);
  const CompareWord address =
      index < kCanaryBytes ? task.candidate - kCanaryBytes + index : end + (index - kCanaryBytes);
  if (*reinterpret_cast<const unsigned char*>(address) != kCanary) ++sums.canary;
}

}  // namespace fib::dispatch
