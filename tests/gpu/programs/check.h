// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda.h>
#include <cuda_runtime.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <vector>

/// What the GPU test programs share. A program checks its own results, prints EXIT-SUCCESS (or SKIP
/// and why) as its last line and then leaves with 0; anything else is a failure.

[[noreturn]] inline void fail(const char* file, int line, const char* what, const char* why) {
  std::fprintf(stderr, "%s:%d: %s: %s\n", file, line, what, why);
  std::exit(1);
}

[[noreturn]] inline void fail(const char* file, int line, const char* what, int code) {
  char why[32];
  std::snprintf(why, sizeof why, "CUresult %d", code);
  fail(file, line, what, why);
}

#define CHECK(condition)                                                \
  do {                                                                  \
    if (!(condition)) fail(__FILE__, __LINE__, #condition, "is false"); \
  } while (0)

#define CHECK_RT(call)                                                                        \
  do {                                                                                        \
    const cudaError_t status_ = (call);                                                       \
    if (status_ != cudaSuccess) fail(__FILE__, __LINE__, #call, cudaGetErrorString(status_)); \
  } while (0)

/// Prints the number only: not every program links libcuda, which knows the names.
#define CHECK_DRV(call)                                                                      \
  do {                                                                                       \
    const CUresult status_ = (call);                                                         \
    if (status_ != CUDA_SUCCESS) fail(__FILE__, __LINE__, #call, static_cast<int>(status_)); \
  } while (0)

inline int succeed() {
  std::puts("EXIT-SUCCESS");
  return 0;
}

inline int skip(const char* why) {
  std::printf("SKIP %s\n", why);
  return 0;
}

/// Device memory holding `count` zeros; leaked, since every program is about to end anyway.
template <class T>
T* device_zeros(std::size_t count) {
  T* pointer = nullptr;
  CHECK_RT(cudaMalloc(&pointer, count * sizeof(T)));
  CHECK_RT(cudaMemset(pointer, 0, count * sizeof(T)));
  return pointer;
}

/// Waits for the whole device, then copies.
template <class T>
std::vector<T> to_host(const T* device, std::size_t count) {
  std::vector<T> host(count);
  CHECK_RT(cudaDeviceSynchronize());
  CHECK_RT(cudaMemcpy(host.data(), device, count * sizeof(T), cudaMemcpyDeviceToHost));
  return host;
}

template <class T>
bool all_equal(const std::vector<T>& values, T expected) {
  for (const T& value : values) {
    if (value != expected) {
      std::fprintf(stderr, "got %g, expected %g\n", double(value), double(expected));
      return false;
    }
  }
  return true;
}

inline int compute_major() {
  int major = 0;
  CHECK_RT(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0));
  return major;
}
