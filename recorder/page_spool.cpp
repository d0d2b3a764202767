// SPDX-License-Identifier: Apache-2.0
#include "recorder/page_spool.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <new>

#include "recorder/background_thread.h"
#include "recorder/clock.h"
#include "recorder/worker_pool.h"

namespace fib::recorder {

struct PageSpool::Writer {
  PageSpool& spool;
  char path[PATH_MAX];
  std::unique_ptr<trace::PageFileWriter> file;
  std::uint64_t flushed = 0;  ///< of flush_wanted_; under the spool's mutex
};

PageSpool::PageSpool(const Session& session, const Options& options) noexcept
    : session_(session), options_(options) {}

void PageSpool::fail(int error, const char* path) noexcept {
  const std::lock_guard lock(mutex_);
  int none = 0;
  if (!error_.compare_exchange_strong(none, error)) return;
  std::snprintf(failed_path_, sizeof failed_path_, "%s", path);
  room_.notify_all();
}

std::string PageSpool::problem() const {
  const int error = error_.load();
  if (error == 0) return {};
  const std::lock_guard lock(mutex_);
  return std::string("pages can't be stored in ") + failed_path_ + ": " + std::strerror(error);
}

int PageSpool::open_writer(std::size_t index) noexcept {
  std::unique_ptr<Writer> writer(new (std::nothrow) Writer{*this, {}, nullptr, 0});
  if (writer == nullptr) return ENOMEM;
  const CaptureDir& directory = session_.directory();
  std::snprintf(writer->path, sizeof writer->path, "%.*s/%s-%zu.fib", PATH_MAX - 160,
                directory.pages_path(), directory.process_name(), index);
  int error = 0;
  auto sink = trace::open_file_sink(writer->path, error);
  if (sink == nullptr) return fail(error, writer->path), error;
  writer->file.reset(new (std::nothrow) trace::PageFileWriter(
      std::move(sink), nanoseconds(CLOCK_REALTIME), options_.zstd_level));
  if (writer->file == nullptr) return ENOMEM;
  error = start_background_thread("fibshim-pages", &thread_main, writer.get());
  if (error == 0) writers_.push_back(std::move(writer));
  return error;
}

int PageSpool::start() noexcept try {
  if (started_) return error_.load();
  started_ = true;
  const char* folder = session_.directory().pages_path();
  if (mkdir(folder, 0777) != 0 && errno != EEXIST) return fail(errno, folder), error_.load();
  const std::size_t count =
      options_.page_writers != 0 ? options_.page_writers : background_threads(8);
  writers_.reserve(count);
  free_.reserve(options_.page_bytes / Block::kBytes + 1);
  for (std::size_t i = 0; i < count; ++i)
    if (const int error = open_writer(i); error != 0 && writers_.empty()) {
      fail(error, folder);
      break;
    }
  return error_.load();
} catch (const std::bad_alloc&) {
  return fail(ENOMEM, session_.directory().pages_path()), ENOMEM;
}

// ---- the engine's side --------------------------------------------------------------------------

bool PageSpool::wants(const trace::Hash& hash) noexcept try {
  return stored_.insert(hash);
} catch (const std::bad_alloc&) {
  fail(ENOMEM, "memory");
  return false;
}

std::unique_ptr<PageSpool::Block> PageSpool::take_block() noexcept {
  const std::size_t most = std::max<std::size_t>(options_.page_bytes / Block::kBytes, 2);
  std::unique_lock lock(mutex_);
  // Not for what the caller itself holds and has not handed over.
  room_.wait(lock, [&] { return out_ < most || out_ == filling_.size() || error_.load() != 0; });
  if (error_.load() != 0) return nullptr;
  ++out_;
  if (!free_.empty()) {
    std::unique_ptr<Block> block = std::move(free_.back());
    free_.pop_back();
    return block;
  }
  std::unique_ptr<Block> block(new (std::nothrow) Block);
  if (block != nullptr) block->memory = map_large<Block::kBytes>();
  if (block != nullptr && block->memory != nullptr) return block;
  --out_;
  return nullptr;
}

std::byte* PageSpool::place(const trace::Hash& hash, std::uint32_t bytes) noexcept try {
  if (error() != 0) return nullptr;
  if (filling_.empty() || filling_.back()->used + bytes > Block::kBytes) {
    std::unique_ptr<Block> fresh = take_block();
    if (fresh == nullptr) return fail(ENOMEM, "memory"), nullptr;
    filling_.push_back(std::move(fresh));
  }
  Block& block = *filling_.back();
  const std::size_t offset = block.used;
  block.pages.push_back({hash, static_cast<std::uint32_t>(offset), bytes});
  block.used += trace::padded(bytes);
  stored_pages_.fetch_add(1);
  stored_bytes_.fetch_add(bytes);
  return block.memory.get() + offset;
} catch (const std::bad_alloc&) {
  return fail(ENOMEM, "memory"), nullptr;
}

bool PageSpool::add(const trace::Hash& hash, std::span<const std::byte> content) noexcept {
  if (!wants(hash)) return error() == 0;
  std::byte* to = place(hash, static_cast<std::uint32_t>(content.size()));
  if (to == nullptr) return false;
  std::memcpy(to, content.data(), content.size());
  if (filling_.size() > 1) submit();
  return true;
}

void PageSpool::submit() noexcept try {
  const std::lock_guard lock(mutex_);
  for (std::unique_ptr<Block>& block : filling_) queue_.push_back(std::move(block));
  filling_.clear();
  work_.notify_all();
} catch (const std::bad_alloc&) {
  fail(ENOMEM, "memory");
}

void PageSpool::flush(std::uint64_t limit_ns) noexcept {
  submit();
  std::unique_lock lock(mutex_);
  ++flush_wanted_;
  work_.notify_all();
  room_.wait_for(lock, std::chrono::nanoseconds(limit_ns), [&] {
    return error_.load() != 0 ||
           (queue_.empty() && busy_ == 0 && std::ranges::all_of(writers_, [&](const auto& writer) {
              return writer->flushed == flush_wanted_;
            }));
  });
}

void PageSpool::keep_memory(bool keep) noexcept {
  const std::lock_guard lock(mutex_);
  keep_ = keep;
  if (!keep) free_.clear();
}

// ---- the writer threads' side -------------------------------------------------------------------

void PageSpool::thread_main(void* writer) noexcept {
  auto& self = *static_cast<Writer*>(writer);
  self.spool.write_blocks(self);
}

void PageSpool::write_blocks(Writer& writer) noexcept {
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait(lock, [&] { return !queue_.empty() || writer.flushed != flush_wanted_; });
    std::unique_ptr<Block> block;
    const std::uint64_t wanted = flush_wanted_;
    if (!queue_.empty()) {
      block = std::move(queue_.front());
      queue_.pop_front();
    }
    ++busy_;
    lock.unlock();
    int error = 0;
    for (std::size_t i = 0; block != nullptr && error == 0 && i < block->pages.size(); ++i) {
      const Block::Page& page = block->pages[i];
      error = writer.file->add(page.hash, {block->memory.get() + page.offset, page.bytes});
    }
    if (block == nullptr) error = writer.file->flush();
    if (error != 0) fail(error, writer.path);
    lock.lock();
    --busy_;
    if (block == nullptr) {
      writer.flushed = wanted;
    } else {
      block->used = 0;
      block->pages.clear();
      --out_;
      if (keep_ && free_.size() < free_.capacity()) free_.push_back(std::move(block));
    }
    room_.notify_all();
  }
}

}  // namespace fib::recorder
