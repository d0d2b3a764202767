// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "trace/chunk_scanner.h"
#include "trace/records.h"

namespace fib::trace {

/// A PageIndex chunk and the Pages chunk behind it.
struct PagePair {
  Bytes index;      ///< whole PageEntry structures; its checksum is right
  ChunkView pages;  ///< its header is possible and fits the index; its payload was not looked at
};

/// Finds the pairs of a page file, past damage. Reads the indexes and skips the contents, so that
/// a file of many gigabytes is scanned quickly; whoever uses a page checks its hash. Work is linear
/// in the file's size also for files that were made to be slow.
class PageScanner {
 public:
  explicit PageScanner(Bytes file);

  /// The next pair; false at the end.
  [[nodiscard]] bool next(PagePair& pair);

  /// Where the last pair that was found ends.
  [[nodiscard]] std::uint64_t good_end() const { return good_end_; }
  /// The file ends within a pair, and that is all that is wrong. Known once next() returned false.
  [[nodiscard]] bool truncated() const { return truncated_; }
  /// What is wrong with the file and what it means; empty if nothing is. Known once next()
  /// returned false.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  void check_header();
  [[nodiscard]] bool header_at(std::uint64_t offset, ChunkType type, ChunkHeader& header) const;
  [[nodiscard]] bool index_at(std::uint64_t offset, ChunkHeader& header, Bytes& payload);
  [[nodiscard]] bool pair_at(std::uint64_t offset, PagePair& pair);
  [[nodiscard]] bool resync(PagePair& pair);
  void finish();

  Bytes file_;
  std::uint64_t offset_ = 0;       ///< where the next pair should be
  std::uint64_t resync_from_ = 0;  ///< behind the last index that was right
  std::uint64_t next_sequence_ = 0;
  std::uint64_t hash_budget_;
  std::uint64_t first_damage_ = UINT64_MAX;
  std::uint64_t good_end_ = 0;
  bool usable_ = false;
  bool truncated_ = false;
  std::string problem_;
};

}  // namespace fib::trace
