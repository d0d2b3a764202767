// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "driver/driver_api.h"
#include "recorder/capture_dir.h"
#include "recorder/definitions.h"
#include "recorder/image_queue.h"
#include "recorder/options.h"
#include "recorder/thread_log.h"
#include "trace/writer.h"

namespace fib::recorder {

/// The calling thread's log, null until it records something.
extern thread_local ThreadLog* t_log __attribute__((tls_model("initial-exec")));

/// One process's log from the first record to the last: its files, its writer thread and the
/// buffers in front of it. Made when the first hook runs, but files and thread come only with
/// start(). Never destroyed: threads of the engine may call until the process is gone.
///
/// Threads: reserve()/commit() belong to the calling thread and take no lock; everything else may
/// be called from anywhere. A failure to write is said once and stops the recording for good.
class Session {
 public:
  Session(const Options& options, const driver::DriverApi& api) noexcept;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // ---- hot path ---------------------------------------------------------------------------------

  /// Room for one record in the calling thread's ring, or null: then it has been counted as
  /// dropped.
  [[nodiscard]] std::byte* reserve(std::size_t bytes, bool is_launch) noexcept {
    ThreadLog* log = t_log;
    if (log == nullptr) [[unlikely]]
      return reserve_slow(bytes, is_launch);
    if (std::byte* room = log->ring.reserve(bytes)) [[likely]]
      return room;
    return reserve_slow(bytes, is_launch);
  }
  /// Publishes what the last reserve() gave, `bytes` of it.
  void commit(std::size_t bytes, bool is_launch) noexcept {
    ThreadLog& log = *t_log;
    log.records.add(1);
    if (is_launch) log.launches.add(1);
    log.ring.commit(bytes);
    log.ring.prefetch_next(bytes);
  }

  // ---- cold paths -------------------------------------------------------------------------------

  /// What wants to know about the session's life. Set before anything is recorded.
  struct Listener {
    void (*started)(void* self) noexcept = nullptr;  ///< on the thread that started it
    void (*tick)(void* self) noexcept = nullptr;     ///< writer thread, every few milliseconds
    void* self = nullptr;
  };
  void listen(const Listener& listener) noexcept { listener_ = listener; }

  /// The calling thread's log, made if need be; null when memory or slots are used up.
  [[nodiscard]] ThreadLog* own_log() noexcept;
  template <class Function>
  void for_each_log(Function&& function) noexcept {
    logs_.for_each(function);
  }

  /// In a window nothing may be lost: a full ring makes its thread wait for the writer thread, and
  /// filtered kernels are recorded, too.
  void set_complete(bool complete) noexcept { complete_.store(complete); }
  [[nodiscard]] bool complete() const noexcept { return complete_.load(std::memory_order_relaxed); }

  /// Makes files and thread, once; later calls cost one load. False: recording has failed, or
  /// ended.
  bool start() noexcept;
  [[nodiscard]] bool failed() const noexcept { return state_.load() == State::Failed; }

  Definitions& definitions() noexcept { return definitions_; }
  ImageQueue& images() noexcept { return images_; }

  /// Says in the capture, and for each code once, that something is missing.
  void deviation(trace::Deviation code, const char* format, ...) noexcept
      __attribute__((format(printf, 3, 4)));
  /// The same, every time.
  void note(trace::Deviation code, const char* text) noexcept;

  /// Waits until the writer thread has written everything that was committed before the call, at
  /// most `limit_ns`. Usable from exit paths: no allocation.
  void flush(std::uint64_t limit_ns) noexcept;
  /// flush(), then close the log cleanly. What is recorded later is appended after the End chunk.
  void finish() noexcept;

  [[nodiscard]] int pid() const noexcept { return pid_; }
  /// Valid once start() has succeeded.
  [[nodiscard]] const CaptureDir& directory() const noexcept { return directory_; }

 private:
  enum class State : int { New, Starting, Running, Failed };

  std::byte* reserve_slow(std::size_t bytes, bool is_launch) noexcept;
  std::byte* wait_for_room(ThreadLog& log, std::size_t bytes) noexcept;
  bool open_files() noexcept;
  bool start_thread() noexcept;
  void fail(const char* what, const char* path, int error) noexcept;

  // Writer thread.
  static void* thread_main(void* self) noexcept;
  void run() noexcept;
  void write_everything(bool force) noexcept;
  void write_definitions() noexcept;
  void write_images() noexcept;
  [[nodiscard]] bool take(ThreadLog& log) noexcept;
  void write_log(ThreadLog& log, bool force, std::uint64_t now_ns) noexcept;
  void announce(ThreadLog& log) noexcept;
  void note_drops(ThreadLog& log) noexcept;
  void note_clock(std::uint64_t now_ns) noexcept;
  void retire(ThreadLog& log) noexcept;
  void add_counts(const ThreadLog& log, trace::EndPayload& to) const noexcept;
  void write_end() noexcept;

  const Options options_;
  const driver::DriverApi& api_;
  const int pid_;
  Listener listener_;
  std::atomic<bool> complete_{false};
  std::atomic<State> state_{State::New};
  ThreadLogs logs_;
  Definitions definitions_;
  ImageQueue images_;
  CaptureDir directory_;
  std::unique_ptr<trace::ChunkWriter> writer_;
  bool took_ = false;  ///< the last round found records
  std::uint64_t last_clock_ns_ = 0;
  trace::EndPayload retired_{};  ///< counts of threads that have ended
  std::atomic<std::uint64_t> flush_wanted_{0}, flush_done_{0};
  std::atomic<bool> end_wanted_{false}, end_done_{false};
  std::atomic<std::uint64_t> deviations_said_{0};  ///< one bit per code
};

}  // namespace fib::recorder
