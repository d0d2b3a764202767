// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "registry/build/jit_link.h"
#include "registry/build/nvrtc.h"

namespace fib::build {

/// The compilers of this process, opened when they are asked for.
class Compilers {
 public:
  explicit Compilers(std::filesystem::path nvrtc) : chosen_(std::move(nvrtc)) {}

  /// Null, and `error` says what to do.
  [[nodiscard]] const Nvrtc* nvrtc(std::string& error);
  /// Null if there is none: PTX is left to the driver then.
  [[nodiscard]] const JitLink* jit_link();
  /// With the CUDA headers that belong to NVRTC.
  [[nodiscard]] const std::vector<std::filesystem::path>& headers() const { return headers_; }

 private:
  std::filesystem::path chosen_;
  std::unique_ptr<Nvrtc> nvrtc_;
  std::unique_ptr<JitLink> jit_link_;
  std::string nvrtc_error_;
  bool looked_for_nvrtc_ = false, looked_for_link_ = false;
  std::vector<std::filesystem::path> headers_;
};

}  // namespace fib::build
