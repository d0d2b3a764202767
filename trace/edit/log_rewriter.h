// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>

#include "trace/record_buffer.h"
#include "trace/records.h"
#include "trace/writer.h"

namespace fib::trace {

/// Writes records into a new log: each thread's in the order in which they are added. Throws
/// CaptureError when the disk is full and the like. Not thread-safe.
class LogRewriter {
 public:
  /// Creates the file.
  LogRewriter(std::filesystem::path path, std::uint64_t start_unix_ns);

  /// A whole record, with its header.
  void add(std::uint32_t thread, Bytes record);
  /// Where to encode a new record of the thread; call added() afterwards.
  [[nodiscard]] RecordBuffer& buffer(std::uint32_t thread);
  void added(std::uint32_t thread);

  /// Writes what was gathered.
  void flush();
  /// flush(), and an End with the numbers of what was added; what was dropped is `dropped`'s.
  void end(const EndPayload& dropped);

  [[nodiscard]] std::uint64_t records() const { return records_; }    ///< of threads
  [[nodiscard]] std::uint64_t launches() const { return launches_; }  ///< of both sorts
  [[nodiscard]] std::uint64_t bytes() const { return writer_->bytes_written(); }

 private:
  void write(std::uint32_t thread, RecordBuffer& records);
  void check(int error) const;

  std::filesystem::path path_;
  std::unique_ptr<ChunkWriter> writer_;
  std::map<std::uint32_t, RecordBuffer> pending_;
  std::size_t pending_bytes_ = 0;
  std::uint64_t records_ = 0, launches_ = 0;
};

}  // namespace fib::trace
