// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "recorder/ring.h"
#include "trace/record_buffer.h"

namespace fib::recorder {

/// A counter with one writer: no read-modify-write on the bus, and still readable by the writer
/// thread.
class OwnedCounter {
 public:
  void add(std::uint64_t n) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }
  void reset() noexcept { value_.store(0, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// What one thread of the engine recorded and the writer thread has not yet written. Its ring's
/// memory is mapped when the thread makes its first recorded call, and reused by a later thread.
struct ThreadLog {
  explicit ThreadLog(std::byte* memory, std::size_t bytes) noexcept : ring(memory, bytes) {}

  Ring ring;
  OwnedCounter records, launches;
  std::atomic<std::uint32_t> inside{0};  ///< 1: the thread is in a hook (see Gate)
  OwnedCounter dropped_records, dropped_bytes, dropped_launches;
  std::uint32_t thread = 0;  ///< index of the thread within the log; set while Claimed
  std::uint32_t tid = 0;
  char name[16] = {};
  /// Claimed: being set up for a thread; Orphan: its thread has ended; Free: drained, may be
  /// reused.
  enum State : int { Claimed, Active, Orphan, Free };
  std::atomic<int> state{Claimed};

  // The writer thread's own notes.
  trace::RecordBuffer staged;        ///< taken from the ring, not yet in a chunk
  std::uint64_t oldest_seen_ns = 0;  ///< since when there is something unwritten; 0: nothing
  std::uint64_t drops_written = 0;   ///< of dropped_records
  bool announced = false;            ///< its Thread record is written
};

/// All thread logs of a process. acquire() is for engine threads, for_each() for the writer thread.
class ThreadLogs {
 public:
  explicit ThreadLogs(std::size_t ring_bytes) noexcept : ring_bytes_(ring_bytes) {}
  ThreadLogs(const ThreadLogs&) = delete;
  ThreadLogs& operator=(const ThreadLogs&) = delete;

  /// A log for the calling thread, or null when memory or the kMaxLogs slots are used up.
  ThreadLog* acquire() noexcept;

  template <class Function>
  void for_each(Function&& function) noexcept {
    const std::size_t count = used_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < count && i < kMaxLogs; ++i)
      if (ThreadLog* log = slots_[i].load(std::memory_order_acquire); log != nullptr)
        function(*log);
  }

  /// Records of threads that got no log.
  std::atomic<std::uint64_t> homeless_records{0};

 private:
  static constexpr std::size_t kMaxLogs = 1024;
  ThreadLog* reuse() noexcept;
  ThreadLog* create() noexcept;
  void publish(ThreadLog* log) noexcept;

  std::size_t ring_bytes_;
  std::atomic<std::uint32_t> next_thread_{1};
  std::atomic<std::size_t> used_{0};
  std::array<std::atomic<ThreadLog*>, kMaxLogs> slots_{};
};

}  // namespace fib::recorder
