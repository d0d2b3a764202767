// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "driver/driver_api.h"

namespace fib::dispatch::testing {

/// Counts calls of one entry of a table, as long as it lives.
template <driver::Api A, class Function = typename driver::Entry<A>::Function>
class CallCounter;
template <driver::Api A, class... Args>
class CallCounter<A, CUresult (*)(Args...)> {
 public:
  explicit CallCounter(driver::DriverApi& api) : entry_(api.*driver::Entry<A>::kMember) {
    real_ = entry_;
    calls_ = 0;
    entry_ = [](Args... args) {
      ++calls_;
      return real_(args...);
    };
  }
  ~CallCounter() { entry_ = real_; }
  CallCounter(const CallCounter&) = delete;
  CallCounter& operator=(const CallCounter&) = delete;
  [[nodiscard]] int calls() const { return calls_; }

 private:
  using Function = CUresult (*)(Args...);
  Function& entry_;
  static inline Function real_ = nullptr;
  static inline std::atomic<int> calls_{0};
};

}  // namespace fib::dispatch::testing
