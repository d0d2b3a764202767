// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "registry/build/arch.h"
#include "registry/build/toolkit.h"

namespace fib::build {

/// The functions of NVRTC that we call, with types of our own: its header is not needed.
struct NvrtcApi {
  using Program = void*;
#define FIB_NVRTC(name, ...) int (*name)(__VA_ARGS__) = nullptr;
#include "registry/build/nvrtc_api.def"
  const char* (*nvrtcGetErrorString)(int) = nullptr;
};

/// CUDA C++ to be compiled.
struct CudaSource {
  std::string name;                                          ///< for messages
  std::string text;                                          ///< without zero bytes
  std::vector<std::pair<std::string, std::string>> headers;  ///< name as in #include, and text
  std::vector<std::string> options;                          ///< without an architecture
  std::vector<std::string> instantiate;                      ///< names of templates' instances
};

/// What a compiler made, or why it made nothing.
struct Compiled {
  std::string code;   ///< cubin, or PTX without the zero byte; empty if it failed
  std::string log;    ///< messages and ptxas's numbers
  std::string error;  ///< one line; empty if all is well
};

/// NVRTC, as long as the process lives. Needs no GPU. May be used by one thread at a time.
class Nvrtc {
 public:
  /// Null, and `error` says what to do.
  [[nodiscard]] static std::unique_ptr<Nvrtc> open(const std::filesystem::path& chosen,
                                                   std::string& error);

  [[nodiscard]] const std::filesystem::path& path() const { return library_.path; }
  /// "13.0.88": of the compiler that runs, not of its headers.
  [[nodiscard]] const std::string& version() const { return version_; }
  /// Whether it can make code for this architecture.
  [[nodiscard]] bool knows(const Arch& arch) const;

  /// A cubin, or PTX for a virtual architecture.
  [[nodiscard]] Compiled compile(const CudaSource& source, const Arch& arch) const;

 private:
  Nvrtc() = default;
  [[nodiscard]] bool load(std::string& error);
  void find_version();
  [[nodiscard]] std::string what(int code) const;
  [[nodiscard]] int run(NvrtcApi::Program program, const CudaSource& source,
                        const Arch& arch) const;

  Library library_;
  NvrtcApi api_;
  std::string version_;
  std::vector<int> archs_;  ///< that it compiles for; empty if it does not say
};

}  // namespace fib::build
