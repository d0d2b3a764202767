// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "trace/chunk_scanner.h"
#include "trace/record_buffer.h"

struct ZSTD_DCtx_s;

namespace fib::trace {

enum class InflateStatus { Done, Unknown, Damaged };

/// Gives the raw payload of chunks. Keeps one decompressor and one buffer; not thread-safe.
class Inflater {
 public:
  /// `raw` stays valid until the next call, and no longer than the file's bytes. Allocates no more
  /// than the header's raw_bytes, and that only if the compressed frame says the same number.
  /// Unknown: the payload is encoded in a way that this build does not know.
  [[nodiscard]] InflateStatus inflate(const ChunkView& chunk, Bytes& raw);

 private:
  [[nodiscard]] InflateStatus decompress(const ChunkView& chunk, Bytes& raw);

  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_DCtx_s, Free> zstd_;
  RecordBuffer buffer_;
};

}  // namespace fib::trace
