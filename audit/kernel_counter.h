// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "driver/cupti_api.h"

namespace fib::audit {

/// How often each kernel ran, by the name that CUPTI gives (mangled).
struct Counts {
  std::map<std::string, std::uint64_t, std::less<>> kernels;
  std::uint64_t dropped = 0;  ///< records that CUPTI lost; with any, the counts are too low
};

/// Takes CUPTI's activity buffers apart. Thread-safe: CUPTI completes buffers on its own thread.
class KernelCounter {
 public:
  /// Counts the kernel records in one completed buffer.
  void count(const driver::CuptiApi& api, CUcontext context, std::uint32_t stream,
             std::uint8_t* buffer, std::size_t valid_bytes);
  [[nodiscard]] Counts snapshot() const;

 private:
  void add(const char* name);

  mutable std::mutex mutex_;
  Counts counts_;
};

}  // namespace fib::audit
