// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>

#include "trace/format.h"
#include "trace/record_buffer.h"

struct ZSTD_CCtx_s;

namespace fib::trace {

/// What a chunk's raw payload is made of, back to back.
using Parts = std::initializer_list<std::span<const std::byte>>;

/// The header of a new file of this build's version.
[[nodiscard]] FileHeader file_header(const char (&magic)[8], std::uint64_t start_unix_ns) noexcept;

/// Turns raw payloads into whole chunks. Keeps one compressor. Not thread-safe; never throws.
class ChunkEncoder {
 public:
  /// `level` is zstd's; 0 stores every payload as it is.
  explicit ChunkEncoder(int level) noexcept;

  /// False when there was no memory for a compressor: everything would be stored as it is.
  [[nodiscard]] bool ready() const noexcept { return level_ == 0 || zstd_ != nullptr; }

  /// Appends one whole chunk to `out`, compressed if that is wanted and makes it smaller. 0, or an
  /// errno and `out` as it was: ENOMEM, or EMSGSIZE for more than kMaxChunkBytes.
  [[nodiscard]] int append(RecordBuffer& out, ChunkType type, std::uint64_t sequence, Parts parts,
                           bool try_compressing = true) noexcept;

  /// True if this content is likely to shrink by an eighth or more, judged by compressing a few
  /// samples of it. For payloads so large that trying in vain would cost too much.
  [[nodiscard]] bool shrinks(std::span<const std::byte> content) noexcept;

 private:
  bool append_compressed(RecordBuffer& out, ChunkHeader& header, Parts parts) noexcept;
  static int append_stored(RecordBuffer& out, ChunkHeader& header, Parts parts) noexcept;

  struct Free {
    void operator()(ZSTD_CCtx_s* context) const noexcept;
  };
  std::unique_ptr<ZSTD_CCtx_s, Free> zstd_;
  RecordBuffer scratch_;  ///< of shrinks()
  int level_;
};

}  // namespace fib::trace
