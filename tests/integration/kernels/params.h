// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

/// Parameter structures shared by kernels and programs, and the kernels' names.
namespace fib::test {

/// Pointers inside a structure passed by value, as at::native kernels have them.
struct Axpy {
  std::int32_t* x;
  std::int32_t* y;
  std::int16_t n;  // followed by padding
  double factor;
};

/// Larger than the 4 KiB that parameters were once limited to.
struct Big {
  std::uint32_t values[3000];
  std::uint64_t* sum;
};
static_assert(sizeof(Big) > 12000);

// it_basic.simcubin
inline constexpr const char* kAdd = "_Z3addPiii";      // add(int* p, int n, int value)
inline constexpr const char* kTwice = "_Z5twicePii";   // twice(int* p, int n)
inline constexpr const char* kCopy = "_Z4copyPKiPii";  // copy(const int* from, int* to, int n)
inline constexpr const char* kCount = "_Z5countPy";    // count(unsigned long long* p): one thread
inline constexpr const char* kNothing = "_Z7nothingv";
inline constexpr const char* kSpin = "_Z4spini";  // spin(int microseconds)
// it_params.simcubin
inline constexpr const char* kAxpy = "axpy";    // axpy(Axpy)
inline constexpr const char* kBig = "big";      // big(Big)
inline constexpr const char* kMixed = "mixed";  // mixed(char, double, short, int*, float, char)
inline constexpr const char* kGlobal = "add_global";  // add_global(int* p)
// it_mark_a.simcubin, it_mark_b.simcubin
inline constexpr const char* kMark = "mark";     // mark(int* p): writes 'a' or 'b'
inline constexpr const char* kOnlyA = "only_a";  // only_a(int* p): adds 1; in it_mark_a only
inline constexpr const char* kOnlyB = "only_b";  // the same in it_mark_b

}  // namespace fib::test
