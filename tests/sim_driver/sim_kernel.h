// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "tests/sim_driver/image_abi.h"

/// For the sources of a simulated module (CMake: sim_module): kernels in ordinary C++, run once per
/// thread of the grid. The kernel's name is the C++ mangled name of the function.
///
///     SIM_GLOBAL(int, launches);
///     SIM_KERNEL(saxpy, (int n, float a, const float* x, float* y)) {
///       if (int i = global_index(); i < n) y[i] += a * x[i];
///     }
extern "C" FibsimModule fibsim_module;  // module_main.cpp

namespace fib::sim {

inline const FibsimDim& grid_dim() { return fibsim_module.index()->grid; }
inline const FibsimDim& block_dim() { return fibsim_module.index()->block; }
inline const FibsimDim& block_index() { return fibsim_module.index()->block_index; }
inline const FibsimDim& thread_index() { return fibsim_module.index()->thread_index; }
/// Index along x over the whole grid.
inline int global_index() {
  const FibsimIndex& at = *fibsim_module.index();
  return static_cast<int>(at.block_index.x * at.block.x + at.thread_index.x);
}

template <class... Args>
struct ParamLayout {
  static constexpr std::array<FibsimParam, sizeof...(Args)> params = [] {
    std::array<FibsimParam, sizeof...(Args)> laid_out{};
    [[maybe_unused]] std::size_t end = 0, i = 0;
    ((end = (end + alignof(Args) - 1) / alignof(Args) * alignof(Args),
      laid_out[i++] = {static_cast<uint32_t>(end), static_cast<uint32_t>(sizeof(Args))},
      end += sizeof(Args)),
     ...);
    return laid_out;
  }();
};

template <auto kFunction>
struct Invoker;

template <class... Args, void (*kFunction)(Args...)>
struct Invoker<kFunction> {
  using Layout = ParamLayout<std::remove_cv_t<Args>...>;

  static void thread([[maybe_unused]] const std::byte* params) {
    [params]<std::size_t... i>(std::index_sequence<i...>) {
      (void)params;
      kFunction(*reinterpret_cast<const Args*>(params + Layout::params[i].offset)...);
    }
    (std::index_sequence_for<Args...>{});
  }
};

void add_kernel(FibsimKernel& kernel);
void add_global(FibsimGlobal& global);

template <auto kFunction>
struct KernelEntry {
  FibsimKernel kernel;

  explicit KernelEntry(FibsimAttributes attributes) {
    using Layout = typename Invoker<kFunction>::Layout;
    kernel = {reinterpret_cast<const void*>(kFunction),
              &Invoker<kFunction>::thread,
              Layout::params.data(),
              static_cast<uint32_t>(Layout::params.size()),
              attributes,
              nullptr};
    add_kernel(kernel);
  }
};

struct GlobalEntry {
  FibsimGlobal global;
  explicit GlobalEntry(FibsimGlobal described) : global(described) { add_global(global); }
};

}  // namespace fib::sim

#define FIBSIM_EXPORT __attribute__((visibility("default"), used))

/// A kernel with attributes: SIM_KERNEL_WITH(name, (parameters), .max_threads = 256) { body }
#define SIM_KERNEL_WITH(name, parameters, ...)                                              \
  FIBSIM_EXPORT void name parameters;                                                       \
  static ::fib::sim::KernelEntry<&name> fibsim_entry_##name{FibsimAttributes{__VA_ARGS__}}; \
  void name parameters
#define SIM_KERNEL(name, parameters) SIM_KERNEL_WITH(name, parameters, )
/// A kernel whose name is not mangled.
#define SIM_KERNEL_C(name, parameters)                                           \
  extern "C" FIBSIM_EXPORT void name parameters;                                 \
  static ::fib::sim::KernelEntry<&name> fibsim_entry_##name{FibsimAttributes{}}; \
  void name parameters

/// A __device__ (SIM_GLOBAL) or __constant__ (SIM_CONSTANT) variable, zero at load. It is in the
/// section that nvcc would put it into.
#define FIBSIM_VARIABLE(type, name, is_constant, where)      \
  extern "C" {                                               \
  FIBSIM_EXPORT __attribute__((section(where))) type name{}; \
  }                                                          \
  static ::fib::sim::GlobalEntry fibsim_entry_##name {       \
    { #name, &name, sizeof(name), is_constant, nullptr }     \
  }
#define SIM_GLOBAL(type, name) FIBSIM_VARIABLE(type, name, false, ".nv.global")
#define SIM_CONSTANT(type, name) FIBSIM_VARIABLE(type, name, true, ".nv.constant3")
