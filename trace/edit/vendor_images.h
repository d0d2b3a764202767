// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "trace/reader.h"

namespace fib::trace {

/// True for files of NVIDIA's libraries: by their name (libcublasLt.so.13), or because they lie in
/// a Python package of NVIDIA's (.../site-packages/nvidia/...).
[[nodiscard]] bool is_vendor_library(std::string_view path);
/// True for names of kernels that only NVIDIA's closed libraries have. Takes mangled names.
[[nodiscard]] bool is_vendor_kernel(std::string_view name);

/// Reads logs and finds the images that are NVIDIA's: those of a load whose file, or whose loaded
/// object, is one of NVIDIA's libraries; and those of a load one of whose kernels bears such a name
/// (older captures do not tell the object, and some programs link the libraries statically).
class VendorImages : public Visitor {
 public:
  void on_load(const Load& load) override;
  void on_kernel(const Kernel& kernel) override;
  void on_image(const Image& image) override;

  /// Between two logs: numbers of loads start again. Once more after the last one.
  void next_log();
  /// Every image that the logs name, and why it is NVIDIA's; empty if it is not.
  [[nodiscard]] const std::map<Hash, std::string>& reasons() const { return found_; }

 private:
  std::unordered_map<std::uint32_t, std::string> reasons_;  ///< by load
  std::unordered_map<std::uint32_t, std::vector<Hash>> images_;
  std::map<Hash, std::string> found_;
};

}  // namespace fib::trace
