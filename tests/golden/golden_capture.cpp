// SPDX-License-Identifier: Apache-2.0
#include "tests/golden/golden_capture.h"

#include <cstring>
#include <fstream>
#include <numeric>

#include "trace/capture.h"
#include "trace/checksum.h"
#include "trace/writer.h"

namespace fib::trace::testing {

std::string golden_image() {
  return std::string(
      "\x7f"
      "ELF golden image\n");
}

bool write_golden_log(const GoldenLog& log, std::unique_ptr<Sink> sink) {
  ChunkWriter writer(std::move(sink), log.start_unix_ns, log.level);
  bool ok = writer.error() == 0;
  for (const auto& chunk : log.chunks) {
    ok = ok && writer.write(chunk.type, {chunk.payload.bytes()}) == 0;
  }
  return ok;
}

bool write_golden_capture(const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory / "images");
  std::uint8_t hash[16];
  const std::string image = golden_image();
  image_hash(std::as_bytes(std::span(image)), hash);
  std::ofstream(directory / "images" / hash_hex(hash), std::ios::binary) << image;
  for (const auto& log : golden_logs()) {
    std::filesystem::create_directories(directory / log.process);
    int error = 0;
    auto sink = open_file_sink((directory / log.process / "log.fib").c_str(), error);
    if (!sink || !write_golden_log(log, std::move(sink))) return false;
  }
  return true;
}

}  // namespace fib::trace::testing
