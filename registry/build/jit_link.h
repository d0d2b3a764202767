// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "registry/build/nvrtc.h"

namespace fib::build {

/// nvJitLink, here as ptxas: from PTX to a cubin, without a GPU. May be used by one thread at a
/// time.
class JitLink {
 public:
  /// Looks in the directory `beside` first, where NVRTC is. Null if there is none of CUDA 12.3 or
  /// newer: PTX is left to the driver then.
  [[nodiscard]] static std::unique_ptr<JitLink> open(const std::filesystem::path& beside);

  [[nodiscard]] const std::string& version() const { return version_; }

  [[nodiscard]] Compiled compile(const std::string& name, const std::string& ptx, const Arch& arch,
                                 const std::vector<std::string>& options) const;

 private:
  using Handle = void*;

  JitLink() = default;
  [[nodiscard]] bool load();

  Library library_;
  std::string version_;
  int (*create_)(Handle*, std::uint32_t, const char**) = nullptr;
  int (*destroy_)(Handle*) = nullptr;
  int (*add_)(Handle, int, const void*, std::size_t, const char*) = nullptr;
  int (*complete_)(Handle) = nullptr;
  int (*cubin_size_)(Handle, std::size_t*) = nullptr;
  int (*cubin_)(Handle, void*) = nullptr;
  int (*error_size_)(Handle, std::size_t*) = nullptr;
  int (*error_)(Handle, char*) = nullptr;
  int (*info_size_)(Handle, std::size_t*) = nullptr;
  int (*info_)(Handle, char*) = nullptr;
};

}  // namespace fib::build
