// SPDX-License-Identifier: Apache-2.0
//
// The engine's side of a session: rings, start, flush and finish. The writer thread's side is
// session_writer.cpp.
#include "recorder/session.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "recorder/clock.h"
#include "recorder/guard.h"
#include "recorder/nap.h"
#include "recorder/process_info.h"
#include "recorder/rt_log.h"
#include "trace/encoder.h"

namespace fib::recorder {

thread_local ThreadLog* t_log __attribute__((tls_model("initial-exec"))) = nullptr;

namespace {

/// Runs when an engine thread ends. Its later calls, if any, get a new log.
void thread_ended(void* log) noexcept {
  t_log = nullptr;
  static_cast<ThreadLog*>(log)->state.store(ThreadLog::Orphan, std::memory_order_release);
}

/// Made once per process; a fork keeps it valid.
pthread_key_t thread_key() noexcept {
  static const pthread_key_t key = [] {
    pthread_key_t made{};
    pthread_key_create(&made, thread_ended);
    return made;
  }();
  return key;
}

}  // namespace

Session::Session(const Options& options, const driver::DriverApi& api) noexcept
    : options_(options),
      api_(api),
      pid_(getpid()),
      logs_(options.ring_bytes),
      definitions_(options.definition_bytes),
      images_(options.image_bytes) {}

ThreadLog* Session::own_log() noexcept {
  if (t_log == nullptr && (t_log = logs_.acquire()) != nullptr)
    pthread_setspecific(thread_key(), t_log);
  return t_log;
}

std::byte* Session::wait_for_room(ThreadLog& log, std::size_t bytes) noexcept {
  if (bytes > log.ring.size()) return nullptr;
  // Before the first launch nothing drains it: this process is clearly worth a log.
  if (state_.load(std::memory_order_acquire) == State::New && start()) {
    flush(200 * kMillisecond);
    return log.ring.reserve(bytes);
  }
  std::byte* room = nullptr;
  for (int i = 0; complete() && room == nullptr && i < 50; ++i) {
    flush(200 * kMillisecond);
    room = log.ring.reserve(bytes);
  }
  return room;
}

std::byte* Session::reserve_slow(std::size_t bytes, bool is_launch) noexcept {
  if (t_log == nullptr) {
    if (own_log() == nullptr) {
      logs_.homeless_records.fetch_add(1, std::memory_order_relaxed);
      return nullptr;
    }
    if (std::byte* room = t_log->ring.reserve(bytes)) return room;
  }
  if (std::byte* room = wait_for_room(*t_log, bytes)) return room;
  t_log->dropped_records.add(1);
  t_log->dropped_bytes.add(bytes);
  if (is_launch) t_log->dropped_launches.add(1);
  return nullptr;
}

bool Session::start() noexcept {
  State state = state_.load(std::memory_order_acquire);
  if (state == State::Running) [[likely]]
    return true;
  if (state == State::New && state_.compare_exchange_strong(state, State::Starting)) {
    if (!open_files() || !start_thread()) return false;
    // Not if the writer thread has failed already.
    State starting = State::Starting;
    if (!state_.compare_exchange_strong(starting, State::Running)) return false;
    if (listener_.started != nullptr) listener_.started(listener_.self);
    return true;
  }
  // Another thread is at it; whatever this one records waits in its ring.
  return state != State::Failed;
}

void Session::fail(const char* what, const char* path, int error) noexcept {
  // The first failure is the cause; what follows from it is noise.
  if (state_.exchange(State::Failed) == State::Failed) return;
  say("%s %.500s: %s. Recording has stopped; the program goes on. What was written so far is "
      "readable.",
      what, path, std::strerror(error));
}

bool Session::open_files() noexcept {
  const std::uint64_t now = nanoseconds(CLOCK_REALTIME);
  const Rank rank = detect_rank();
  if (const int error = directory_.create(options_.capture_dir, rank, now); error != 0) {
    fail("can't make the capture directory", directory_.failed_path(), error);
    return false;
  }
  if (!describe_process(definitions_, api_, options_, rank) || !describe_api(definitions_) ||
      !describe_devices(definitions_, api_)) {
    fail("can't describe the process for", directory_.log_path(), ENOMEM);
    return false;
  }
  int error = 0;
  auto sink = trace::open_file_sink(directory_.log_path(), error);
  if (sink != nullptr)
    writer_.reset(new (std::nothrow) trace::ChunkWriter(std::move(sink), now, options_.zstd_level));
  if (writer_ != nullptr)
    error = writer_->error();
  else if (error == 0)
    error = ENOMEM;
  if (error == 0) return true;
  fail("can't write the log", directory_.log_path(), error);
  return false;
}

bool Session::start_thread() noexcept {
  // The host may assume which of its threads takes a signal: ours takes none.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread{};
  const int error = pthread_create(&thread, &attributes, &Session::thread_main, this);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error == 0) return true;
  fail("can't start the writer thread for", directory_.log_path(), error);
  return false;
}

void Session::deviation(trace::Deviation code, const char* format, ...) noexcept {
  const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(code);
  if ((deviations_said_.fetch_or(bit) & bit) != 0) return;
  char text[400];
  va_list args;
  va_start(args, format);
  std::vsnprintf(text, sizeof text, format, args);
  va_end(args);
  note(code, text);
}

void Session::note(trace::Deviation code, const char* text) noexcept {
  const bool kept = definitions_.add(
      [&](trace::RecordBuffer& to) { return trace::encode_deviation(to, ticks(), code, text); });
  if (!kept) say("%s (and no memory was left to record this)", text);
}

void Session::flush(std::uint64_t limit_ns) noexcept {
  if (state_.load() != State::Running) return;
  const std::uint64_t wanted = flush_wanted_.fetch_add(1) + 1;
  const std::uint64_t deadline = nanoseconds(CLOCK_MONOTONIC) + limit_ns;
  while (flush_done_.load() < wanted && state_.load() == State::Running &&
         nanoseconds(CLOCK_MONOTONIC) < deadline)
    nap(kMillisecond / 5);
}

void Session::finish() noexcept {
  // Another thread may just be making the files; it is not held up by anything that exits.
  for (int i = 0; i < 5000 && state_.load() == State::Starting; ++i) nap(kMillisecond / 5);
  if (state_.load() != State::Running) return;
  end_wanted_.store(true);
  // Long, because images of hundreds of megabytes may be on their way; a hung disk still lets go.
  flush(20 * 1000 * kMillisecond);
}

}  // namespace fib::recorder
