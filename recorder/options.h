// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace fib::recorder {

/// What the recorder is told by its host. Strings live as long as the process.
struct Options {
  const char* capture_dir = "fib-capture";
  const char* kernel_filter = "";  ///< POSIX extended regex over mangled names; empty: all kernels
  std::size_t ring_bytes = 8u << 20;         ///< per thread; a power of two
  std::size_t definition_bytes = 64u << 20;  ///< unwritten definitions, at most
  std::size_t image_bytes = 1u << 30;        ///< copies of images not yet written, at most
  int zstd_level = 1;
};

}  // namespace fib::recorder
