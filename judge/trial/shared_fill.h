// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "driver/driver_api.h"

namespace fib::judge {

/// Fills the shared memory of all multiprocessors with a pattern. A kernel starts with what the
/// last one left there, so one that reads what it did not write shows another result each time.
class SharedFill {
 public:
  explicit SharedFill(const driver::DriverApi& api) : api_(api) {}
  ~SharedFill();
  SharedFill(const SharedFill&) = delete;
  SharedFill& operator=(const SharedFill&) = delete;

  /// In the context that is current, the same in all calls. Loads the kernel at the first call and
  /// does not wait.
  [[nodiscard]] CUresult fill(CUstream stream, std::uint32_t pattern);

 private:
  [[nodiscard]] CUresult load();

  const driver::DriverApi& api_;
  CUmodule module_ = nullptr;
  CUfunction kernel_ = nullptr;
  unsigned multiprocessors_ = 0, bytes_ = 0;  ///< of shared memory that a block can have
};

}  // namespace fib::judge
