// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>

namespace fib::recorder {

/// A few background threads that share one loop at a time with the caller: hashing and copying of
/// host memory while the engine waits. Without threads (none could be made) the caller does it all.
/// run() is for one caller at a time.
class WorkerPool {
 public:
  WorkerPool() noexcept = default;
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Adds threads up to `count`. They live as long as the process.
  void grow(std::size_t count) noexcept;
  /// body(0) .. body(count - 1), in any order, on several threads; returns when all are done.
  void run(std::size_t count, const std::function<void(std::size_t)>& body) noexcept;

 private:
  static void thread_main(void* self) noexcept;
  void work(std::unique_lock<std::mutex>& lock) noexcept;

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  const std::function<void(std::size_t)>* body_ = nullptr;
  std::size_t next_ = 0, count_ = 0, running_ = 0, threads_ = 0;
};

/// How many threads of ours may compute at a time: not more than half of what the process may use.
[[nodiscard]] std::size_t background_threads(std::size_t most) noexcept;

}  // namespace fib::recorder
