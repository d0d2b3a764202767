// SPDX-License-Identifier: Apache-2.0
#include "tests/golden/golden_chunk.h"

#include <cstring>
#include <fstream>
#include <numeric>

#include "trace/capture.h"
#include "trace/checksum.h"
#include "trace/page_file.h"
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

bool write_golden_pages(std::unique_ptr<Sink> sink) {
  PageFileWriter writer(std::move(sink), 1'700'000'000'002'000'000, 3);
  const auto pages = golden_pages();
  bool ok = writer.error() == 0;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    ok = ok && writer.add(content_hash(pages[i]), pages[i]) == 0;
    if (i % 2 == 1) ok = ok && writer.flush() == 0;
  }
  return ok;
}

bool write_golden_capture(const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory / "images");
  const std::string image = golden_image();
  const Hash hash = content_hash(std::as_bytes(std::span(image)));
  std::ofstream(directory / "images" / hash_hex(hash), std::ios::binary) << image;
  int failed = 0;
  const std::string pages = golden_windows().process + "-0.fib";
  std::filesystem::create_directories(directory / "pages");
  auto file = open_file_sink((directory / "pages" / pages).c_str(), failed);
  if (!file || !write_golden_pages(std::move(file))) return false;
  for (const auto& log : golden_logs()) {
    std::filesystem::create_directories(directory / log.process);
    int error = 0;
    auto sink = open_file_sink((directory / log.process / "log.fib").c_str(), error);
    if (!sink || !write_golden_log(log, std::move(sink))) return false;
  }
  return true;
}

}  // namespace fib::trace::testing
