// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>

#include "tests/golden/golden_capture.h"

/// What the files that make the golden capture share.
namespace fib::trace::testing {

inline constexpr std::uint64_t kStartTicks = 1'000'000;

/// A chunk's payload under construction; a full buffer would show as a wrong dump, so only asserts.
class Chunk {
 public:
  Chunk(ChunkType type, std::uint32_t thread) : chunk_{type, RecordBuffer()} {
    const RecordsPrefix prefix{thread, 0};
    must(chunk_.payload.append(&prefix, sizeof prefix));
  }
  RecordBuffer& out() { return chunk_.payload; }
  static void must(bool done) {
    if (!done) std::abort();
  }
  GoldenChunk take() { return std::move(chunk_); }

 private:
  GoldenChunk chunk_;
};

/// Process, Clock, Device and Context records.
void add_golden_machine(RecordBuffer& out, std::int32_t rank);
[[nodiscard]] GoldenChunk golden_end(std::uint64_t records, std::uint64_t launches);
/// A process with a whole window, and one that was cut by the process's end.
[[nodiscard]] GoldenLog golden_windows();

}  // namespace fib::trace::testing
