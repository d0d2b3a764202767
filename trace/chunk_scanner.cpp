// SPDX-License-Identifier: Apache-2.0
#include "trace/chunk_scanner.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "trace/checksum.h"

namespace fib::trace {
namespace {

std::string_view magic_text() {
  static constexpr std::uint32_t kMagic = kChunkMagic;
  return {reinterpret_cast<const char*>(&kMagic), sizeof kMagic};
}

}  // namespace

ChunkScanner::ChunkScanner(Bytes file, std::uint64_t first)
    : file_(file),
      first_(first),
      offset_(std::min<std::uint64_t>(first, file.size())),
      hash_budget_(8 * std::uint64_t{file.size()} + (1u << 20)),
      good_end_(offset_) {}

bool ChunkScanner::next(ChunkView& chunk) {
  if (offset_ == file_.size()) return false;
  if (chunk_at(offset_, chunk)) {
    note_damage(chunk.header.sequence - next_sequence_);
    take(chunk);
    return true;
  }
  if (resync(chunk)) {
    note_damage(std::max<std::uint64_t>(1, chunk.header.sequence - next_sequence_));
    take(chunk);
    return true;
  }
  truncated_ = cut_chunk_at(offset_);
  if (!truncated_) note_damage(1);
  offset_ = file_.size();
  return false;
}

bool ChunkScanner::plausible(const ChunkHeader& header, std::uint64_t offset) const {
  // Numbers only grow, and each earlier chunk took at least a header.
  const std::uint64_t most = (offset - first_) / sizeof(ChunkHeader);
  return header.magic == kChunkMagic && header.stored_bytes <= kMaxChunkBytes &&
         header.raw_bytes <= kMaxChunkBytes && header.sequence >= next_sequence_ &&
         header.sequence <= most;
}

bool ChunkScanner::chunk_at(std::uint64_t offset, ChunkView& chunk) {
  const Bytes rest = file_.subspan(offset);
  if (rest.size() < sizeof(ChunkHeader)) return false;
  std::memcpy(&chunk.header, rest.data(), sizeof chunk.header);
  const Bytes payload = rest.subspan(sizeof(ChunkHeader));
  if (!plausible(chunk.header, offset) || chunk.header.stored_bytes > payload.size()) return false;
  if (chunk.header.stored_bytes > hash_budget_) return false;
  chunk.stored = payload.first(chunk.header.stored_bytes);
  chunk.offset = offset;
  if (chunk_checksum(chunk.header, chunk.stored) == chunk.header.checksum) return true;
  hash_budget_ -= chunk.header.stored_bytes;
  return false;
}

bool ChunkScanner::resync(ChunkView& chunk) {
  const std::string_view text(reinterpret_cast<const char*>(file_.data()), file_.size());
  auto found = text.find(magic_text(), offset_ + 1);
  while (found != std::string_view::npos) {
    if (chunk_at(found, chunk)) return true;
    found = text.find(magic_text(), found + 1);
  }
  return false;
}

bool ChunkScanner::cut_chunk_at(std::uint64_t offset) const {
  const Bytes rest = file_.subspan(offset);
  if (rest.size() < sizeof(ChunkHeader)) {
    const std::size_t seen = std::min(rest.size(), magic_text().size());
    return std::memcmp(rest.data(), magic_text().data(), seen) == 0;
  }
  ChunkHeader header;
  std::memcpy(&header, rest.data(), sizeof header);
  return plausible(header, offset) && header.stored_bytes > rest.size() - sizeof header;
}

void ChunkScanner::note_damage(std::uint64_t chunks) {
  if (damaged_ == 0) first_damage_ = offset_;
  damaged_ += chunks;
}

void ChunkScanner::take(const ChunkView& chunk) {
  next_sequence_ = chunk.header.sequence + 1;
  offset_ = chunk.offset + sizeof(ChunkHeader) + chunk.stored.size();
  good_end_ = offset_;
}

}  // namespace fib::trace
