// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

#include "driver/driver_api.h"

namespace fib::driver {

/// A driver call that failed. what() names the call, the error and where.
class DriverError : public std::runtime_error {
 public:
  DriverError(CUresult code, const std::string& what) : std::runtime_error(what), code_(code) {}
  [[nodiscard]] CUresult code() const noexcept { return code_; }

 private:
  CUresult code_;
};

/// "file:line: expression: NAME (description)".
[[nodiscard]] std::string describe_failure(const DriverApi& api, CUresult code,
                                           const char* expression, const char* file, int line);
[[noreturn]] void throw_driver_error(const DriverApi& api, CUresult code, const char* expression,
                                     const char* file, int line);
/// For destructors: one line on stderr. CUDA_ERROR_DEINITIALIZED is silent, since it only says that
/// the process is on its way out.
void report_driver_error(const DriverApi& api, CUresult code, const char* expression,
                         const char* file, int line) noexcept;

}  // namespace fib::driver

/// Calls a member of `api` and throws DriverError unless it returns CUDA_SUCCESS.
#define FIB_DRIVER_CHECK(api, call)                                                \
  do {                                                                             \
    if (const CUresult fib_rc = (api).call; fib_rc != CUDA_SUCCESS)                \
      ::fib::driver::throw_driver_error((api), fib_rc, #call, __FILE__, __LINE__); \
  } while (false)

/// The same where nothing may be thrown.
#define FIB_DRIVER_CHECK_NOEXCEPT(api, call)                                        \
  do {                                                                              \
    if (const CUresult fib_rc = (api).call; fib_rc != CUDA_SUCCESS)                 \
      ::fib::driver::report_driver_error((api), fib_rc, #call, __FILE__, __LINE__); \
  } while (false)
