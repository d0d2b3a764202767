// SPDX-License-Identifier: Apache-2.0
#include "driver/check.h"

#include <cstdio>

namespace fib::driver {

std::string describe_failure(const DriverApi& api, CUresult code, const char* expression,
                             const char* file, int line) {
  const char* name = nullptr;
  const char* text = nullptr;
  if (api.cuGetErrorName != nullptr) api.cuGetErrorName(code, &name);
  if (api.cuGetErrorString != nullptr) api.cuGetErrorString(code, &text);
  std::string message = std::string(file) + ":" + std::to_string(line) + ": " + expression + ": ";
  message += name != nullptr ? name : "error " + std::to_string(static_cast<int>(code));
  if (text != nullptr) message += std::string(" (") + text + ")";
  return message;
}

void throw_driver_error(const DriverApi& api, CUresult code, const char* expression,
                        const char* file, int line) {
  throw DriverError(code, describe_failure(api, code, expression, file, line));
}

void report_driver_error(const DriverApi& api, CUresult code, const char* expression,
                         const char* file, int line) noexcept {
  if (code == CUDA_ERROR_DEINITIALIZED) return;
  try {
    std::fprintf(stderr, "%s\n", describe_failure(api, code, expression, file, line).c_str());
  } catch (...) {
    std::fprintf(stderr, "%s:%d: %s failed\n", file, line, expression);
  }
}

}  // namespace fib::driver
