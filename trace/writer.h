// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>

#include "trace/format.h"
#include "trace/sink.h"

namespace fib::trace {

/// Turns raw payloads into chunks: compress, checksum, number, append. Owned by one thread; never
/// throws. After a failed append the writer is dead: every later call returns the same errno, and
/// the file ends after the last whole chunk.
class ChunkWriter {
 public:
  /// Writes the file header. `level` is zstd's; 0 stores chunks uncompressed.
  ChunkWriter(std::unique_ptr<Sink> sink, std::uint64_t start_unix_ns, int level) noexcept;
  ~ChunkWriter();
  ChunkWriter(const ChunkWriter&) = delete;
  ChunkWriter& operator=(const ChunkWriter&) = delete;

  /// Writes one chunk whose raw payload is the parts back to back; 0 or an errno. ENOMEM (no room
  /// to build the chunk) and EMSGSIZE (more than kMaxChunkBytes) lose this chunk only; the writer
  /// lives on.
  [[nodiscard]] int write(ChunkType type,
                          std::initializer_list<std::span<const std::byte>> parts) noexcept;

  [[nodiscard]] int error() const noexcept { return error_; }
  [[nodiscard]] std::uint64_t bytes_written() const noexcept { return bytes_; }

 private:
  struct State;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<State> state_;
  std::uint64_t sequence_ = 0;
  std::uint64_t bytes_ = 0;
  int error_ = 0;
};

}  // namespace fib::trace
