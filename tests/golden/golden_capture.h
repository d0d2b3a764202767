// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "trace/format.h"
#include "trace/record_buffer.h"
#include "trace/sink.h"

namespace fib::trace::testing {

struct GoldenChunk {
  ChunkType type;
  RecordBuffer payload;
};

/// One process of the golden capture, with fixed contents.
struct GoldenLog {
  std::string process;  ///< name of its directory
  std::uint64_t start_unix_ns;
  int level;  ///< zstd's; 0: stored
  std::vector<GoldenChunk> chunks;
};

[[nodiscard]] std::vector<GoldenLog> golden_logs();
/// The bytes behind the image records of the golden logs.
[[nodiscard]] std::string golden_image();
/// The contents behind the page hashes; far smaller than real pages.
[[nodiscard]] std::vector<std::vector<std::byte>> golden_pages();
/// One page file: two pairs of two pages.
[[nodiscard]] bool write_golden_pages(std::unique_ptr<Sink> sink);

/// False if anything failed.
[[nodiscard]] bool write_golden_log(const GoldenLog& log, std::unique_ptr<Sink> sink);
[[nodiscard]] bool write_golden_capture(const std::filesystem::path& directory);

}  // namespace fib::trace::testing
