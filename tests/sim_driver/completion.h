// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace fib::sim {

/// Set once, when a piece of asynchronous work is over. Thread-safe.
class Completion {
 public:
  bool done() const { return done_.load(std::memory_order_acquire) != 0; }
  void wait() const;
  void finish();
  /// Monotonic time of finish(), in nanoseconds; only once done.
  uint64_t time_ns() const { return time_ns_; }

 private:
  std::atomic<int> done_{0};  // int: waits on it are futex waits
  uint64_t time_ns_ = 0;
};
using CompletionPtr = std::shared_ptr<Completion>;

}  // namespace fib::sim
