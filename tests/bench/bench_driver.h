// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda.h>

#include <string>

namespace fib::bench {

using LaunchFunction = decltype(cuLaunchKernel);

/// A current primary context of device 0 and the few driver functions that the benchmark needs,
/// found as the CUDA runtime finds them: dlopen libcuda.so.1, dlsym cuGetProcAddress_v2, ask it for
/// the rest. Constructor and load() end the program with a message when something is missing.
class BenchDriver {
 public:
  BenchDriver();

  /// Loads `image` (PTX text, cubin, fatbin) from memory.
  [[nodiscard]] CUmodule load(const void* image) const;
  [[nodiscard]] CUfunction function(CUmodule module, const char* name) const;
  [[nodiscard]] CUstream new_stream() const;
  void synchronize(CUstream stream) const;

  /// cuLaunchKernel as a program gets it: a hook, if a shim is loaded.
  [[nodiscard]] LaunchFunction* launch() const { return launch_; }
  /// The driver's own cuLaunchKernel. Equals launch() when nothing is hooked.
  [[nodiscard]] LaunchFunction* direct_launch() const { return direct_launch_; }

 private:
  template <class Function>
  [[nodiscard]] Function* resolve(const char* name) const;

  void* library_;
  void* get_proc_address_;
  LaunchFunction* launch_;
  LaunchFunction* direct_launch_;
};

/// Ends the program with exit code 1 and `message` on stderr.
[[noreturn]] void give_up(const std::string& message);

/// Ends the program unless `status` is CUDA_SUCCESS.
void require(CUresult status, const char* what);

}  // namespace fib::bench
