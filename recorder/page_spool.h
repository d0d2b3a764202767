// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "recorder/large_memory.h"
#include "recorder/page_set.h"
#include "recorder/session.h"
#include "trace/page_file.h"

namespace fib::recorder {

/// Pages on their way to the store: what is new is copied into blocks, which writer threads
/// compress and append to page files of their own (CAPTURE/pages/<process>-<k>.fib), so that the
/// engine waits for the copy only. What waits to be written is bounded: then it waits for that.
///
/// Threads: error(), flush() and stored_bytes() may be called from anywhere, the rest by one thread
/// at a time. Nothing throws; out of memory is an error like a full disk.
class PageSpool {
 public:
  /// One piece of host memory to be filled with new pages, back to back.
  struct Block {
    struct Page {
      trace::Hash hash;
      std::uint32_t offset, bytes;
    };
    static constexpr std::size_t kBytes = 4u << 20;
    LargeMemory<kBytes> memory;
    std::size_t used = 0;
    std::vector<Page> pages;
  };

  PageSpool(const Session& session, const Options& options) noexcept;
  ~PageSpool() = delete;  ///< its threads live as long as the process
  PageSpool(const PageSpool&) = delete;
  PageSpool& operator=(const PageSpool&) = delete;

  /// Makes folder, files and threads, once. 0 or an errno, for ever.
  [[nodiscard]] int start() noexcept;

  /// Whether this page must be stored; from now on it counts as stored, so do store it.
  [[nodiscard]] bool wants(const trace::Hash& hash) noexcept;
  [[nodiscard]] bool has(const trace::Hash& hash) const noexcept { return stored_.contains(hash); }
  /// Where to put the `bytes` of a page that it wants; null after an error. Filled before the next
  /// call of submit(). May wait for the writer threads.
  [[nodiscard]] std::byte* place(const trace::Hash& hash, std::uint32_t bytes) noexcept;
  /// wants() and place() and a copy. False after an error.
  bool add(const trace::Hash& hash, std::span<const std::byte> content) noexcept;
  /// Hands over everything that place() gave out.
  void submit() noexcept;

  /// submit(), and waits until all is in the files, at most `limit_ns`.
  void flush(std::uint64_t limit_ns) noexcept;
  /// Keep blocks for the next pages, or give their memory back once they are written.
  void keep_memory(bool keep) noexcept;

  /// What it promised to store could not be read: nothing more is stored, for pages that count as
  /// stored may be missing.
  void give_up() noexcept { fail(ECANCELED, "the memory image"); }

  [[nodiscard]] int error() const noexcept { return error_.load(); }
  [[nodiscard]] std::uint64_t stored_pages() const noexcept { return stored_pages_.load(); }
  [[nodiscard]] std::uint64_t stored_bytes() const noexcept { return stored_bytes_.load(); }
  /// "PATH: why". Empty without an error. Throws std::bad_alloc.
  [[nodiscard]] std::string problem() const;

 private:
  struct Writer;
  static void thread_main(void* writer) noexcept;
  void write_blocks(Writer& writer) noexcept;
  [[nodiscard]] int open_writer(std::size_t index) noexcept;
  [[nodiscard]] std::unique_ptr<Block> take_block() noexcept;
  void fail(int error, const char* path) noexcept;

  const Session& session_;
  const Options options_;
  bool started_ = false;
  PageSet stored_;
  std::atomic<int> error_{0};
  std::atomic<std::uint64_t> stored_pages_{0}, stored_bytes_{0};
  char failed_path_[PATH_MAX] = {};
  std::vector<std::unique_ptr<Block>> filling_;
  std::vector<std::unique_ptr<Writer>> writers_;

  mutable std::mutex mutex_;  ///< everything below, and failed_path_
  std::condition_variable work_, room_;
  std::deque<std::unique_ptr<Block>> queue_;
  std::vector<std::unique_ptr<Block>> free_;
  bool keep_ = true;
  std::size_t out_ = 0;   ///< blocks that are not free
  std::size_t busy_ = 0;  ///< writers that write
  std::uint64_t flush_wanted_ = 0;
};

}  // namespace fib::recorder
