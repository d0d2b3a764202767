// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

/// What the simulator and its kernel images (.simcubin, ELF shared objects) know about each other.
/// An image exports one FibsimModule under the name `fibsim_module`.
extern "C" {

struct FibsimDim {
  uint32_t x, y, z;
};

struct FibsimGeometry {
  FibsimDim grid, block;
};

/// Where a kernel is: what it sees as gridDim, blockDim, blockIdx and threadIdx.
struct FibsimIndex {
  FibsimDim grid, block, block_index, thread_index;
};

struct FibsimParam {
  uint32_t offset, size;  // bytes; laid out as CUDA does, each at its natural alignment
};

struct FibsimAttributes {
  int registers = 32;
  int static_shared = 0;  // bytes
  int local = 0;          // bytes
  int max_threads = 1024;
};

struct FibsimKernel {
  const void* function;  // its dynamic symbol is the kernel's (mangled) name
  void (*thread)(const std::byte* params);
  const FibsimParam* params;
  uint32_t param_count;
  FibsimAttributes attributes;
  FibsimKernel* next;
};

struct FibsimGlobal {
  const char* name;
  void* address;
  std::size_t size;
  bool constant;
  FibsimGlobal* next;
};

struct FibsimModule {
  uint32_t version;
  FibsimKernel* kernels;
  FibsimGlobal* globals;
  /// Runs the kernel once per thread of the grid, in the calling thread.
  void (*run)(const FibsimKernel* kernel, const FibsimGeometry* geometry, const std::byte* params);
  /// The calling thread's index; the driver sets it at load. It is not thread-local here, as the
  /// leak sanitizer cannot scan the dynamic thread-local storage of objects that are loaded late.
  FibsimIndex* (*index)();
};

}  // extern "C"

namespace fib::sim {
inline constexpr uint32_t kImageVersion = 1;
inline constexpr char kModuleSymbol[] = "fibsim_module";
}  // namespace fib::sim
