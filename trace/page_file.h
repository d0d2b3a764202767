// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "trace/capture.h"
#include "trace/checksum.h"
#include "trace/records.h"
#include "trace/sink.h"

/// Contents of memory, named by their hash: see "page files" in format.h.
namespace fib::trace {

/// Appends pages to one page file. Owned by one thread; never throws. Pages are gathered to chunks
/// of about a megabyte; what has not been flushed is lost with the process.
class PageFileWriter {
 public:
  /// `level` is zstd's; chunks that hardly shrink are stored as they are.
  PageFileWriter(std::unique_ptr<Sink> sink, std::uint64_t start_unix_ns, int level) noexcept;
  ~PageFileWriter();  ///< flushes
  PageFileWriter(const PageFileWriter&) = delete;
  PageFileWriter& operator=(const PageFileWriter&) = delete;

  /// `content` of 1 to kPageBytes bytes; it is not checked against `hash`. 0 or an errno; after an
  /// error the writer is dead, and the file ends after its last whole pair of chunks.
  [[nodiscard]] int add(const Hash& hash, std::span<const std::byte> content) noexcept;
  [[nodiscard]] int flush() noexcept;
  [[nodiscard]] int error() const noexcept;
  [[nodiscard]] std::uint64_t bytes_written() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// All pages of a capture. Reads only the indexes when it is made. Not thread-safe.
class PageStore {
 public:
  /// Page files that are damaged or cut are used as far as they go; see problems(). Throws
  /// CaptureError when the folder is there and can't be read.
  explicit PageStore(const Capture& capture);
  ~PageStore();
  PageStore(const PageStore&) = delete;
  PageStore& operator=(const PageStore&) = delete;

  [[nodiscard]] bool contains(const Hash& hash) const noexcept;
  [[nodiscard]] std::uint32_t bytes_of(const Hash& hash) const noexcept;  ///< 0: not there
  [[nodiscard]] std::size_t size() const noexcept;                        ///< different pages
  /// The page's content, valid until the next call; empty if it is not there, or damaged (its hash
  /// is checked). Fast for pages asked for in the order in which they were stored.
  [[nodiscard]] Bytes read(const Hash& hash);
  /// Puts hashes into the order in which read() is fast; those that are not there are removed.
  void sort_as_stored(std::vector<Hash>& hashes) const;
  /// One line each: file, what is wrong, what it means.
  [[nodiscard]] const std::vector<std::string>& problems() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Where the page files of a capture lie: CAPTURE/pages.
[[nodiscard]] std::filesystem::path pages_path(const Capture& capture);

}  // namespace fib::trace
