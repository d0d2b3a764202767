// SPDX-License-Identifier: Apache-2.0
#include "trace/chunk_encoder.h"

#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "trace/checksum.h"

namespace fib::trace {
namespace {

std::size_t total_bytes(Parts parts) noexcept {
  std::size_t total = 0;
  for (const auto& part : parts) total += part.size();
  return total;
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

FileHeader file_header(const char (&magic)[8], std::uint64_t start_unix_ns) noexcept {
  FileHeader header{};
  std::memcpy(header.magic, magic, sizeof header.magic);
  header.version = kFormatVersion;
  header.endian = kEndianMark;
  header.header_bytes = sizeof header;
  header.start_unix_ns = start_unix_ns;
  header.checksum = file_checksum(header);
  return header;
}

void ChunkEncoder::Free::operator()(ZSTD_CCtx_s* context) const noexcept { ZSTD_freeCCtx(context); }

ChunkEncoder::ChunkEncoder(int level) noexcept
    : zstd_(level == 0 ? nullptr : ZSTD_createCCtx()), level_(level) {
  if (zstd_) ZSTD_CCtx_setParameter(zstd_.get(), ZSTD_c_compressionLevel, level);
}

int ChunkEncoder::append(RecordBuffer& out, ChunkType type, std::uint64_t sequence, Parts parts,
                         bool try_compressing) noexcept {
  const std::size_t raw_bytes = total_bytes(parts);
  if (raw_bytes > kMaxChunkBytes) return EMSGSIZE;
  const std::size_t start = out.size();
  ChunkHeader header{};
  header.magic = kChunkMagic;
  header.type = static_cast<std::uint16_t>(type);
  header.raw_bytes = static_cast<std::uint32_t>(raw_bytes);
  header.sequence = sequence;
  // Whatever is wrong with compressing, the payload itself is fine: store it.
  const bool done = try_compressing && zstd_ && append_compressed(out, header, parts);
  if (!done || !worth_compressing(header)) {
    out.truncate(start);
    if (const int error = append_stored(out, header, parts); error != 0) {
      out.truncate(start);
      return error;
    }
  }
  header.checksum = chunk_checksum(header, out.bytes().subspan(start + sizeof header));
  std::memcpy(out.data() + start, &header, sizeof header);
  return 0;
}

bool ChunkEncoder::append_compressed(RecordBuffer& out, ChunkHeader& header, Parts parts) noexcept {
  const std::size_t before = out.size();
  const std::size_t room = ZSTD_compressBound(header.raw_bytes);
  std::byte* start = out.extend(sizeof header + room);
  if (start == nullptr) return false;
  ZSTD_outBuffer frame{start + sizeof header, room, 0};
  const bool done = compress(zstd_.get(), parts, header.raw_bytes, frame);
  header.flags = kChunkZstd;
  header.stored_bytes = static_cast<std::uint32_t>(frame.pos);
  out.truncate(before + sizeof header + frame.pos);
  return done;
}

int ChunkEncoder::append_stored(RecordBuffer& out, ChunkHeader& header, Parts parts) noexcept {
  if (!out.reserve(out.size() + sizeof header + header.raw_bytes)) return ENOMEM;
  if (out.extend(sizeof header) == nullptr) return ENOMEM;
  for (const auto& part : parts) {
    if (!out.append(part.data(), part.size())) return ENOMEM;
  }
  header.flags = 0;
  header.stored_bytes = header.raw_bytes;
  return 0;
}

bool ChunkEncoder::shrinks(std::span<const std::byte> content) noexcept {
  constexpr std::size_t kSamples = 8, kSampleBytes = 8192;
  if (!zstd_) return false;
  if (content.size() < 2 * kSamples * kSampleBytes) return true;
  const std::size_t room = ZSTD_compressBound(kSampleBytes);
  scratch_.clear();
  std::byte* out = scratch_.extend(room);
  if (out == nullptr) return false;
  std::size_t compressed = 0;
  for (std::size_t i = 0; i < kSamples; ++i) {
    // Rounded down to whole numbers of the usual element sizes, which zstd's matches depend on.
    const std::size_t at = content.size() / kSamples * i / 64 * 64;
    ZSTD_outBuffer frame{out, room, 0};
    if (!compress(zstd_.get(), {content.subspan(at, kSampleBytes)}, kSampleBytes, frame))
      return false;
    compressed += frame.pos;
  }
  return compressed <= kSamples * kSampleBytes / 8 * 7;
}

}  // namespace fib::trace
