// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace fib::recorder {

/// What the recorder is told by its host. Strings live as long as the process.
struct Options {
  const char* capture_dir = "fib-capture";
  const char* kernel_filter = "";   ///< POSIX extended regex over mangled names; empty: all kernels
  const char* effect_pattern = "";  ///< the same for kernels that can't run alone; empty: none
  std::size_t ring_bytes = 8u << 20;         ///< per thread; a power of two
  std::size_t definition_bytes = 64u << 20;  ///< unwritten definitions, at most
  std::size_t image_bytes = 1u << 30;        ///< copies of images not yet written, at most
  int zstd_level = 1;

  const char* window = "";  ///< trace/window_spec.h; empty: windows only when `fib ctl` asks
  std::size_t page_bytes = std::size_t{4} << 30;  ///< copies of pages not yet written, at most
  std::size_t page_writers = 0;                   ///< threads; 0: as many as seems right
};

}  // namespace fib::recorder
