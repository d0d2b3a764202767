// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim_driver/image_abi.h"

namespace fib::sim {

using Bytes = std::vector<std::byte>;

/// Copies the ELF out of what cuModuleLoadData and cuLibraryLoadData accept: ELF, fatbin, fatbinC
/// wrapper v1, or a text with a line `//fibsim: PATH` (stands in for PTX), or PTX
/// whose first kernel NAME is in NAME.simcubin beside the driver. Throws Failure.
Bytes elf_of(const void* image);
Bytes read_file(const char* path);

/// Names of the kernels in an image, without loading it (lazy libraries).
std::vector<std::string> kernel_names(const Bytes& elf);

struct LoadedKernel {
  std::string name;
  const FibsimKernel* entry;
};

/// An image mapped into the process, with globals of its own. Thread-safe once loaded. Work in
/// flight holds a reference, so code is never unmapped under a running kernel.
class LoadedImage {
 public:
  /// Throws Failure if the bytes are not a simulated module.
  explicit LoadedImage(const Bytes& elf);
  ~LoadedImage();
  LoadedImage(const LoadedImage&) = delete;
  LoadedImage& operator=(const LoadedImage&) = delete;

  const std::vector<LoadedKernel>& kernels() const { return kernels_; }
  const LoadedKernel* find_kernel(const std::string& name) const;
  const FibsimGlobal* find_global(const std::string& name) const;
  const FibsimModule& module() const { return *module_; }

 private:
  int fd_ = -1;
  void* handle_ = nullptr;
  const FibsimModule* module_ = nullptr;
  std::vector<LoadedKernel> kernels_;
};

}  // namespace fib::sim
