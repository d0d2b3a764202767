// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "trace/records.h"

namespace fib::trace {

struct ChunkView {
  ChunkHeader header;
  Bytes stored;          ///< the payload as in the file; its checksum is right
  std::uint64_t offset;  ///< of the chunk's header in the file
};

/// Finds the chunks of a log, past damage. Work is linear in the file's size also for files that
/// were made to be slow: hashing that leads to nothing has a budget.
class ChunkScanner {
 public:
  /// `first` is where the file header ends.
  ChunkScanner(Bytes file, std::uint64_t first);

  /// The next chunk whose header and payload are right; false at the end.
  [[nodiscard]] bool next(ChunkView& chunk);

  /// Chunks that were lost up to here: skipped, or missing in the numbering.
  [[nodiscard]] std::uint64_t damaged() const { return damaged_; }
  /// Where the first of them should be; meaningful if damaged() is not 0.
  [[nodiscard]] std::uint64_t first_damage() const { return first_damage_; }
  /// The file ends inside of a chunk. Known once next() returned false.
  [[nodiscard]] bool truncated() const { return truncated_; }
  /// Where the last undamaged chunk ends.
  [[nodiscard]] std::uint64_t good_end() const { return good_end_; }
  /// Number of a chunk behind it.
  [[nodiscard]] std::uint64_t next_sequence() const { return next_sequence_; }

 private:
  [[nodiscard]] bool chunk_at(std::uint64_t offset, ChunkView& chunk);
  [[nodiscard]] bool plausible(const ChunkHeader& header, std::uint64_t offset) const;
  [[nodiscard]] bool resync(ChunkView& chunk);
  [[nodiscard]] bool cut_chunk_at(std::uint64_t offset) const;
  void note_damage(std::uint64_t chunks);
  void take(const ChunkView& chunk);

  Bytes file_;
  std::uint64_t first_;
  std::uint64_t offset_;
  std::uint64_t next_sequence_ = 0;
  std::uint64_t hash_budget_;
  std::uint64_t damaged_ = 0;
  std::uint64_t first_damage_ = 0;
  std::uint64_t good_end_;
  bool truncated_ = false;
};

}  // namespace fib::trace
