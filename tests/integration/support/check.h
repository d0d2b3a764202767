// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda.h>

/// Checks of the integration programs. A failed check names itself on stderr and ends the program
/// with exit code 1, so that `EXIT-SUCCESS` is missing from stdout.
namespace fib::test {

[[noreturn]] void fail(const char* file, int line, const char* what, const char* why);
void check_result(CUresult result, CUresult expected, const char* file, int line, const char* call);

/// Opens the driver by the route that the program was linked for, calls cuInit and makes the
/// primary context of device 0 current.
void start();
/// The same without cuInit and context.
void open_driver();
/// Waits for the device and prints EXIT-SUCCESS as the last line. Returns main's exit code.
int finish();

}  // namespace fib::test

#define FIB_CHECK(condition)                                                              \
  do {                                                                                    \
    if (!(condition)) ::fib::test::fail(__FILE__, __LINE__, #condition, "does not hold"); \
  } while (0)

// Two steps, so that the text holds the symbol after cuda.h's renaming: cuMemAlloc_v2(&p, 4).
#define FIB_CU_TEXT(text, call, expected) \
  ::fib::test::check_result(call, expected, __FILE__, __LINE__, text)
#define FIB_CU_ARGS(expected, ...) FIB_CU_TEXT(#__VA_ARGS__, (__VA_ARGS__), expected)

/// The call must succeed; its ABI name is noted for the harness (support/notes.h).
#define CU(...) FIB_CU_ARGS(CUDA_SUCCESS, __VA_ARGS__)
/// The call must return exactly `expected`.
#define CU_IS(expected, ...) FIB_CU_ARGS(expected, __VA_ARGS__)
