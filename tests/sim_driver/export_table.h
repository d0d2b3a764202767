// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "driver/cuda_abi.h"

namespace fib::sim {

/// The GUID that cuGetExportTable knows (16 bytes).
inline constexpr char kHiddenTableId[] = "fibsim-hidden-01";

/// The table behind it.
struct HiddenTable {
  std::size_t size;  // of this structure, in bytes
  /// A CUfunction of an image that it loads; neither call is visible as an entry point.
  CUresult(CUDAAPI* get_function)(CUfunction* out, const void* image, const char* name);
};

}  // namespace fib::sim
