// SPDX-License-Identifier: Apache-2.0
#include "trace/inflate.h"

#include <zstd.h>

namespace fib::trace {

void Inflater::Free::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

InflateStatus Inflater::inflate(const ChunkView& chunk, Bytes& raw) {
  if (chunk.header.flags == kChunkZstd) return decompress(chunk, raw);
  if (chunk.header.flags != 0) return InflateStatus::Unknown;
  raw = chunk.stored;
  return chunk.header.raw_bytes == chunk.header.stored_bytes ? InflateStatus::Done
                                                             : InflateStatus::Damaged;
}

InflateStatus Inflater::decompress(const ChunkView& chunk, Bytes& raw) {
  const ChunkHeader& header = chunk.header;
  const auto claimed = ZSTD_getFrameContentSize(chunk.stored.data(), chunk.stored.size());
  if (claimed != header.raw_bytes || claimed > max_raw_bytes(header.stored_bytes)) {
    return InflateStatus::Damaged;
  }
  if (!zstd_) zstd_.reset(ZSTD_createDCtx());
  buffer_.clear();
  std::byte* out = buffer_.extend(header.raw_bytes);
  if (!zstd_ || out == nullptr) return InflateStatus::Damaged;
  const std::size_t bytes = ZSTD_decompressDCtx(zstd_.get(), out, header.raw_bytes,
                                                chunk.stored.data(), chunk.stored.size());
  if (bytes != header.raw_bytes) return InflateStatus::Damaged;
  raw = buffer_.bytes();
  return InflateStatus::Done;
}

}  // namespace fib::trace
