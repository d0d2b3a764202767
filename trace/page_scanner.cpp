// SPDX-License-Identifier: Apache-2.0
#include "trace/page_scanner.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "trace/checksum.h"

namespace fib::trace {
namespace {

constexpr const char* kCut =
    "; the pages behind are missing (the process was killed, or the disk "
    "is full)";

std::string_view magic_text() {
  static constexpr std::uint32_t kMagic = kChunkMagic;
  return {reinterpret_cast<const char*>(&kMagic), sizeof kMagic};
}

/// Raw size of the contents that an index speaks of; 0 if it can't be one.
std::uint64_t contents_bytes(Bytes index) {
  std::uint64_t total = 0;
  for (; !index.empty(); index = index.subspan(sizeof(PageEntry))) {
    PageEntry entry;
    std::memcpy(&entry, index.data(), sizeof entry);
    if (entry.bytes == 0 || entry.bytes > kPageBytes) return 0;
    total += padded(entry.bytes);
  }
  return total;
}

}  // namespace

PageScanner::PageScanner(Bytes file)
    : file_(file), hash_budget_(8 * std::uint64_t{file.size()} + (1u << 20)) {
  check_header();
}

void PageScanner::check_header() {
  FileHeader header;
  const std::size_t seen = std::min(file_.size(), sizeof header);
  if (seen > 0) std::memcpy(&header, file_.data(), seen);
  if (std::memcmp(header.magic, kPageFileMagic, std::min(seen, sizeof header.magic)) != 0) {
    problem_ = "not a page file; its pages are missing";
  } else if (seen < sizeof header) {
    problem_ = std::string("cut off inside its header") + kCut;
  } else if (header.checksum != file_checksum(header)) {
    problem_ = "its file header is damaged; copy the file again from where it was recorded";
    usable_ = true;  // pairs have checksums of their own
  } else if (header.version > kFormatVersion) {
    problem_ = "of format version " + std::to_string(header.version) + ", this build reads up to " +
               std::to_string(kFormatVersion) + "; use a newer fib";
  } else if (header.endian != kEndianMark) {
    problem_ = "recorded on a machine of the other byte order; its pages are missing";
  } else {
    usable_ = true;
  }
  offset_ = resync_from_ = good_end_ = usable_ ? sizeof header : file_.size();
}

bool PageScanner::next(PagePair& pair) {
  if (offset_ >= file_.size()) {
    finish();
    return false;
  }
  if (pair_at(offset_, pair)) return true;
  const std::uint64_t expected = offset_;
  if (resync(pair)) {
    first_damage_ = std::min(first_damage_, expected);
    return true;
  }
  // A header of a pair that the file's end cuts, or its first bytes, and nothing readable behind.
  ChunkHeader header;
  const std::size_t seen = std::min(file_.size() - expected, magic_text().size());
  const bool tail = std::memcmp(file_.data() + expected, magic_text().data(), seen) == 0 &&
                    (file_.size() - expected < sizeof header ||
                     header_at(expected, ChunkType::PageIndex, header));
  if (first_damage_ == UINT64_MAX && tail) {
    truncated_ = problem_.empty();
    problem_ += std::string(problem_.empty() ? "" : "; ") + "cut off in the chunk at byte " +
                std::to_string(expected) + kCut;
  } else {
    first_damage_ = std::min(first_damage_, expected);
  }
  offset_ = file_.size();
  finish();
  return false;
}

void PageScanner::finish() {
  if (first_damage_ == UINT64_MAX) return;
  problem_ += std::string(problem_.empty() ? "" : "; ") + "damaged at byte " +
              std::to_string(first_damage_) +
              "; pages behind may be missing; copy the file again from where it was recorded";
  first_damage_ = UINT64_MAX;
}

/// True for a header that a writer could have put there, whatever its payload.
bool PageScanner::header_at(std::uint64_t offset, ChunkType type, ChunkHeader& header) const {
  const Bytes rest = file_.subspan(offset);
  if (rest.size() < sizeof header) return false;
  std::memcpy(&header, rest.data(), sizeof header);
  return header.magic == kChunkMagic && header.type == static_cast<std::uint16_t>(type) &&
         header.stored_bytes <= kMaxChunkBytes && header.raw_bytes <= kMaxChunkBytes &&
         (header.flags == 0 ? header.stored_bytes == header.raw_bytes
                            : header.flags == kChunkZstd && type == ChunkType::Pages);
}

bool PageScanner::index_at(std::uint64_t offset, ChunkHeader& header, Bytes& payload) {
  if (!header_at(offset, ChunkType::PageIndex, header)) return false;
  const Bytes rest = file_.subspan(offset + sizeof header);
  if (header.stored_bytes > rest.size() || header.stored_bytes == 0 ||
      header.stored_bytes % sizeof(PageEntry) != 0) {
    return false;
  }
  // Right ones count as well: they might lie within each other.
  if (header.stored_bytes > hash_budget_) return false;
  hash_budget_ -= header.stored_bytes;
  payload = rest.first(header.stored_bytes);
  return chunk_checksum(header, payload) == header.checksum;
}

bool PageScanner::pair_at(std::uint64_t offset, PagePair& pair) {
  ChunkHeader index;
  if (!index_at(offset, index, pair.index)) return false;
  const std::uint64_t second = offset + sizeof index + index.stored_bytes;
  ChunkHeader& pages = pair.pages.header;
  if (!header_at(second, ChunkType::Pages, pages)) return false;
  const Bytes rest = file_.subspan(second + sizeof pages);
  const std::uint64_t contents = contents_bytes(pair.index);
  if (contents == 0 || pages.raw_bytes != contents || pages.stored_bytes > rest.size() ||
      pages.sequence != index.sequence + 1) {
    return false;
  }
  pair.pages.stored = rest.first(pages.stored_bytes);
  pair.pages.offset = second;
  if (index.sequence != next_sequence_) first_damage_ = std::min(first_damage_, offset);
  next_sequence_ = pages.sequence + 1;
  resync_from_ = second + sizeof pages;
  offset_ = good_end_ = resync_from_ + pages.stored_bytes;
  return true;
}

/// The contents were skipped unseen, so a wrong length may have led past good pairs: looks for the
/// next one from where they start.
bool PageScanner::resync(PagePair& pair) {
  const std::string_view text(reinterpret_cast<const char*>(file_.data()), file_.size());
  auto found = text.find(magic_text(), resync_from_);
  while (found != std::string_view::npos) {
    if (pair_at(found, pair)) return true;
    found = text.find(magic_text(), found + 1);
  }
  return false;
}

}  // namespace fib::trace
