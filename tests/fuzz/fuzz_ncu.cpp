// SPDX-License-Identifier: Apache-2.0
//
// What a profiler printed: kernels with their numbers, or nothing.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "cli/bench_tools.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const fib::registry::Json kernels = fib::cli::read_ncu_csv(text);
  if (!kernels.is_array()) std::abort();
  for (const auto& kernel : kernels)
    if (!kernel.is_object()) std::abort();
  (void)fib::registry::to_text(kernels);  // must be able to be written
  return 0;
}
