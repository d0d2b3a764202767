// SPDX-License-Identifier: Apache-2.0
//
// The writer thread of a session: drains rings and queues, and writes chunks. It calls no driver
// function, so it can neither disturb a stream capture nor wait for the engine.
#include <pthread.h>
#include <time.h>

#include <algorithm>

#include "recorder/clock.h"
#include "recorder/guard.h"
#include "recorder/image_store.h"
#include "recorder/session.h"
#include "trace/checksum.h"
#include "trace/encoder.h"

namespace fib::recorder {
namespace {

constexpr std::uint64_t kClockEvery = 1000 * kMillisecond;
/// A chunk is written when this much waits (larger chunks compress better) ...
constexpr std::size_t kChunkBytes = 1u << 20;
/// ... or when the oldest record has waited this long (a killed process loses no more than that).
constexpr std::uint64_t kChunkAge = 200 * kMillisecond;
/// A full ring at the highest rate seen lasts several times the longest sleep.
constexpr std::uint64_t kShortestSleep = 2 * kMillisecond, kLongestSleep = 10 * kMillisecond;

void sleep_ns(std::uint64_t ns) noexcept {
  const timespec time{0, static_cast<long>(ns)};
  nanosleep(&time, nullptr);
}

std::span<const std::byte> as_bytes(const auto& value) noexcept {
  return std::as_bytes(std::span(&value, 1));
}

}  // namespace

void* Session::thread_main(void* self) noexcept {
  pthread_setname_np(pthread_self(), "fibshim-writer");
  ++t_depth;  // for ever: whatever this thread calls is not the engine's
  static_cast<Session*>(self)->run();
  return nullptr;
}

void Session::run() noexcept {
  std::uint64_t sleep = kShortestSleep;
  while (state_.load() != State::Failed) {
    const std::uint64_t wanted = flush_wanted_.load();
    const bool force = flush_done_.load() < wanted;
    took_ = false;
    write_everything(force);
    if (writer_->error() != 0)
      return fail("can't write the log", directory_.log_path(), writer_->error());
    if (force) flush_done_.store(wanted);
    if (listener_.tick != nullptr) listener_.tick(listener_.self);
    sleep = took_ ? kShortestSleep : sleep * 2 < kLongestSleep ? sleep * 2 : kLongestSleep;
    sleep_ns(sleep);
  }
}

void Session::write_everything(bool force) noexcept {
  // Ends are written only for a flush that was asked for after end_wanted_ was set.
  const bool end = force && end_wanted_.load();
  const std::uint64_t now = nanoseconds(CLOCK_MONOTONIC);
  if (end || now - last_clock_ns_ >= kClockEvery) note_clock(now);
  write_images();
  logs_.for_each([&](ThreadLog& log) { write_log(log, force, now); });
  // Definitions of what was just drained are complete by now: they are added before their first use
  // is committed. They stand behind it in the file; readers know.
  write_definitions();
  if (end) write_end();
}

void Session::write_definitions() noexcept {
  const std::span<const std::byte> bytes = definitions_.take();
  if (bytes.empty() || writer_->error() != 0) return;
  const trace::RecordsPrefix prefix{trace::kDefinitionsThread, 0};
  const int error = writer_->write(trace::ChunkType::Definitions, {as_bytes(prefix), bytes});
  if (error != 0 && writer_->error() == 0)
    deviation(trace::Deviation::DefinitionDropped, "no memory to write %zu bytes of definitions",
              bytes.size());
}

void Session::write_images() noexcept {
  for (OwnedImage image; images_.pop(image); images_.discard(image)) {
    const std::span<const std::byte> content(image.data.get(), image.size);
    const trace::Hash hash = trace::content_hash(content);
    if (const int error = store_content(directory_.images_path(), hash, content); error != 0) {
      deviation(trace::Deviation::StoreFailed, "can't store an image of %zu bytes in %s: error %d",
                image.size, directory_.images_path(), error);
      fail("can't store a code image in", directory_.images_path(), error);
      continue;
    }
    images_.note_stored(image, hash);
    const bool kept = definitions_.add([&](trace::RecordBuffer& to) {
      trace::ImageRecord record{};
      record.load = image.load;
      record.part = image.part;
      std::copy(hash.begin(), hash.end(), record.hash);
      record.bytes = image.size;
      record.kind = static_cast<std::uint16_t>(image.kind);
      return trace::encode_image(to, ticks(), record);
    });
    if (!kept) deviation(trace::Deviation::DefinitionDropped, "no memory for an image record");
  }
}

/// Ring to staging buffer: soon, so that the ring's memory stays in the producer's cache, and whole
/// chunks are made later. False when memory is short: then what waits in the ring goes on waiting.
bool Session::take(ThreadLog& log) noexcept {
  const Ring::Pending pending = log.ring.pending();
  const std::size_t before = log.staged.size();
  if (!log.staged.append(pending.first.data(), pending.first.size()) ||
      !log.staged.append(pending.second.data(), pending.second.size())) {
    log.staged.truncate(before);
    return false;
  }
  log.ring.release(pending);
  took_ = took_ || pending.bytes() > 0;
  return true;
}

void Session::write_log(ThreadLog& log, bool force, std::uint64_t now_ns) noexcept {
  const int state = log.state.load(std::memory_order_acquire);
  if (state == ThreadLog::Claimed || state == ThreadLog::Free || writer_->error() != 0) return;
  if (!log.announced) announce(log);
  const bool orphan = state == ThreadLog::Orphan;
  const bool taken = take(log);
  if (log.staged.empty())
    log.oldest_seen_ns = 0;
  else if (log.oldest_seen_ns == 0)
    log.oldest_seen_ns = now_ns;
  const bool due = force || orphan || !taken || log.staged.size() >= kChunkBytes ||
                   now_ns - log.oldest_seen_ns >= kChunkAge;
  if (!log.staged.empty() && due) {
    const trace::RecordsPrefix prefix{log.thread, 0};
    if (writer_->write(trace::ChunkType::Records, {as_bytes(prefix), log.staged.bytes()}) != 0)
      return;
    log.staged.clear();
    log.oldest_seen_ns = 0;
  }
  note_drops(log);
  if (orphan && log.drops_written == log.dropped_records.get()) retire(log);
}

void Session::add_counts(const ThreadLog& log, trace::EndPayload& to) const noexcept {
  to.records += log.records.get();
  to.launches += log.launches.get();
  to.dropped_records += log.dropped_records.get();
  to.dropped_launches += log.dropped_launches.get();
}

/// The thread is gone and its records are written: the log is as new for the next thread.
void Session::retire(ThreadLog& log) noexcept {
  add_counts(log, retired_);
  for (OwnedCounter* counter : {&log.records, &log.launches, &log.dropped_records,
                                &log.dropped_bytes, &log.dropped_launches})
    counter->reset();
  log.drops_written = 0;
  log.announced = false;
  log.state.store(ThreadLog::Free, std::memory_order_release);
}

void Session::announce(ThreadLog& log) noexcept {
  log.announced = definitions_.add([&](trace::RecordBuffer& to) {
    return trace::encode_thread(to, ticks(), {log.thread, log.tid, 0, 0}, log.name);
  });
}

void Session::note_drops(ThreadLog& log) noexcept {
  const std::uint64_t dropped = log.dropped_records.get();
  if (dropped == log.drops_written) return;
  const trace::DropsRecord record{log.thread, 0, dropped, log.dropped_bytes.get(),
                                  log.dropped_launches.get()};
  if (definitions_.add(
          [&](trace::RecordBuffer& to) { return trace::encode_drops(to, ticks(), record); }))
    log.drops_written = dropped;
}

void Session::note_clock(std::uint64_t now_ns) noexcept {
  last_clock_ns_ = now_ns;
  const trace::ClockRecord record{nanoseconds(CLOCK_REALTIME), nanoseconds(CLOCK_MONOTONIC)};
  // A missing one costs precision, nothing else.
  (void)definitions_.add(
      [&](trace::RecordBuffer& to) { return trace::encode_clock(to, ticks(), record); });
}

void Session::write_end() noexcept {
  trace::EndPayload end = retired_;
  logs_.for_each([&](const ThreadLog& log) { add_counts(log, end); });
  end.dropped_records += logs_.homeless_records.load(std::memory_order_relaxed);
  if (writer_->write(trace::ChunkType::End, {as_bytes(end)}) != 0) return;
  if (end_done_.exchange(true)) return;
  if (const int error = directory_.close(); error != 0)
    fail("can't rename the finished capture", directory_.failed_path(), error);
}

}  // namespace fib::recorder
