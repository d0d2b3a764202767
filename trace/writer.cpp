// SPDX-License-Identifier: Apache-2.0
#include "trace/writer.h"

#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "trace/checksum.h"
#include "trace/record_buffer.h"

namespace fib::trace {
namespace {

using Parts = std::initializer_list<std::span<const std::byte>>;

std::size_t total_bytes(Parts parts) noexcept {
  std::size_t total = 0;
  for (const auto& part : parts) total += part.size();
  return total;
}

FileHeader file_header(std::uint64_t start_unix_ns) noexcept {
  FileHeader header{};
  std::memcpy(header.magic, kFileMagic, sizeof header.magic);
  header.version = kFormatVersion;
  header.endian = kEndianMark;
  header.header_bytes = sizeof header;
  header.start_unix_ns = start_unix_ns;
  header.checksum = file_checksum(header);
  return header;
}

/// One frame from all parts, behind what `out` already holds; false if anything is wrong.
bool compress(ZSTD_CCtx* zstd, Parts parts, std::size_t raw_bytes, ZSTD_outBuffer& out) noexcept {
  ZSTD_CCtx_reset(zstd, ZSTD_reset_session_only);
  std::size_t status = ZSTD_CCtx_setPledgedSrcSize(zstd, raw_bytes);
  for (const auto& part : parts) {
    ZSTD_inBuffer in{part.data(), part.size(), 0};
    while (!ZSTD_isError(status) && in.pos < in.size && out.pos < out.size) {
      status = ZSTD_compressStream2(zstd, &out, &in, ZSTD_e_continue);
    }
  }
  ZSTD_inBuffer none{nullptr, 0, 0};
  if (!ZSTD_isError(status)) status = ZSTD_compressStream2(zstd, &out, &none, ZSTD_e_end);
  return status == 0;
}

bool worth_compressing(const ChunkHeader& header) noexcept {
  return header.stored_bytes < header.raw_bytes &&
         header.raw_bytes <= max_raw_bytes(header.stored_bytes);
}

}  // namespace

struct ChunkWriter::State {
  explicit State(int level) noexcept : zstd(level == 0 ? nullptr : ZSTD_createCCtx()) {
    if (zstd != nullptr) ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, level);
  }
  ~State() { ZSTD_freeCCtx(zstd); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// Leaves the payload in `buffer` behind room for the header, and its facts in `header`.
  int fill(ChunkHeader& header, Parts parts) noexcept;
  bool fill_compressed(ChunkHeader& header, Parts parts) noexcept;
  int fill_stored(ChunkHeader& header, Parts parts) noexcept;

  ZSTD_CCtx* zstd;
  RecordBuffer buffer;  ///< one whole chunk, so that it reaches the sink in one append
};

int ChunkWriter::State::fill(ChunkHeader& header, Parts parts) noexcept {
  buffer.clear();
  if (zstd == nullptr) return fill_stored(header, parts);
  // Whatever is wrong with compressing, the records themselves are fine: store them.
  if (fill_compressed(header, parts) && worth_compressing(header)) return 0;
  return fill_stored(header, parts);
}

bool ChunkWriter::State::fill_compressed(ChunkHeader& header, Parts parts) noexcept {
  const std::size_t room = ZSTD_compressBound(header.raw_bytes);
  std::byte* start = buffer.extend(sizeof header + room);
  if (start == nullptr) return false;
  ZSTD_outBuffer out{start + sizeof header, room, 0};
  const bool done = compress(zstd, parts, header.raw_bytes, out);
  header.flags = kChunkZstd;
  header.stored_bytes = static_cast<std::uint32_t>(out.pos);
  buffer.truncate(sizeof header + out.pos);
  return done;
}

int ChunkWriter::State::fill_stored(ChunkHeader& header, Parts parts) noexcept {
  buffer.clear();
  if (!buffer.reserve(sizeof header + header.raw_bytes)) return ENOMEM;
  if (buffer.extend(sizeof header) == nullptr) return ENOMEM;
  for (const auto& part : parts) {
    if (!buffer.append(part.data(), part.size())) return ENOMEM;
  }
  header.flags = 0;
  header.stored_bytes = header.raw_bytes;
  return 0;
}

ChunkWriter::ChunkWriter(std::unique_ptr<Sink> sink, std::uint64_t start_unix_ns,
                         int level) noexcept
    : sink_(std::move(sink)), state_(new (std::nothrow) State(level)), level_(level) {
  if (!sink_) {
    error_ = EBADF;
  } else if (!state_ || (level_ != 0 && state_->zstd == nullptr)) {
    error_ = ENOMEM;
  } else {
    const FileHeader header = file_header(start_unix_ns);
    error_ = sink_->append(std::as_bytes(std::span(&header, 1)));
    if (error_ == 0) bytes_ = sizeof header;
  }
}

ChunkWriter::~ChunkWriter() = default;

int ChunkWriter::write(ChunkType type, Parts parts) noexcept {
  if (error_ != 0) return error_;
  const std::size_t raw_bytes = total_bytes(parts);
  if (raw_bytes > kMaxChunkBytes) return EMSGSIZE;
  ChunkHeader header{};
  header.magic = kChunkMagic;
  header.type = static_cast<std::uint16_t>(type);
  header.raw_bytes = static_cast<std::uint32_t>(raw_bytes);
  header.sequence = sequence_;
  if (const int error = state_->fill(header, parts); error != 0) return error;
  RecordBuffer& chunk = state_->buffer;
  header.checksum = chunk_checksum(header, chunk.bytes().subspan(sizeof header));
  std::memcpy(chunk.data(), &header, sizeof header);
  error_ = sink_->append(chunk.bytes());
  if (error_ != 0) return error_;
  ++sequence_;
  bytes_ += chunk.size();
  return 0;
}

}  // namespace fib::trace
