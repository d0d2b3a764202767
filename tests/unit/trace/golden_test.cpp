// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "temp_directory.h"
#include "tests/golden/golden_capture.h"
#include "text_dump.h"
#include "trace/capture.h"
#include "trace/chunk_scanner.h"
#include "trace/inflate.h"
#include "trace/page_file.h"

namespace fib::trace {
namespace {

namespace fs = std::filesystem;
using namespace testing;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Like EXPECT_EQ, but shows the first line that differs instead of both texts.
void expect_same_lines(const std::string& expected, const std::string& actual) {
  std::istringstream left(expected);
  std::istringstream right(actual);
  std::string a;
  std::string b;
  for (int line = 1; std::getline(left, a); ++line) {
    ASSERT_TRUE(std::getline(right, b)) << "ends before line " << line;
    ASSERT_EQ(a, b) << "line " << line;
  }
  ASSERT_FALSE(std::getline(right, b)) << "longer than expected";
}

struct RawChunk {
  std::uint16_t type;
  std::string payload;
  bool operator==(const RawChunk&) const = default;
};

/// Compressed bytes differ between zstd versions; what they unpack to does not.
std::vector<RawChunk> raw_chunks(const fs::path& log) {
  const std::string text = read_file(log);
  ChunkScanner scanner(std::as_bytes(std::span(text)), sizeof(FileHeader));
  Inflater inflater;
  ChunkView chunk;
  std::vector<RawChunk> chunks;
  while (scanner.next(chunk)) {
    Bytes raw;
    EXPECT_EQ(InflateStatus::Done, inflater.inflate(chunk, raw));
    chunks.push_back({chunk.header.type, {reinterpret_cast<const char*>(raw.data()), raw.size()}});
  }
  return chunks;
}

/// The bytes of the lines "<offset in hex>: <bytes in hex>   comment" of the page.
std::map<std::size_t, std::byte> example_bytes(const std::string& page) {
  static const std::regex kLine("([0-9a-f]{4}): ((?:[0-9a-f]{2} ?)+)(?: .*)?");
  std::istringstream lines(page);
  std::map<std::size_t, std::byte> bytes;
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, kLine)) continue;
    std::size_t offset = std::stoul(match[1], nullptr, 16);
    std::istringstream values(match[2]);
    for (std::string value; values >> value; ++offset) {
      bytes[offset] = static_cast<std::byte>(std::stoul(value, nullptr, 16));
    }
  }
  return bytes;
}

fs::path golden(const char* name) { return fs::path(FIB_GOLDEN_DIR) / name; }

TEST(Golden, Version1ReadsAsExpected) {
  expect_same_lines(read_file(golden("v1.txt")), dump_capture(golden("v1")));
}

TEST(Golden, Version2ReadsAsExpected) {
  expect_same_lines(read_file(golden("v2.txt")), dump_capture(golden("v2")));
}

// Fails when the encoding changes under the same version number: make a new version instead.
TEST(Golden, Version2IsStillWhatTheEncoderMakes) {
  static_assert(kFormatVersion == 2, "a new version: add its golden capture, keep the older ones");
  const TempDirectory directory;
  ASSERT_TRUE(write_golden_capture(directory.path()));
  const Capture made = open_capture(directory.path());
  const Capture kept = open_capture(golden("v2"));
  ASSERT_EQ(kept.processes.size(), made.processes.size());
  for (std::size_t i = 0; i < made.processes.size(); ++i) {
    EXPECT_EQ(kept.processes[i].name, made.processes[i].name);
    EXPECT_TRUE(raw_chunks(kept.processes[i].log) == raw_chunks(made.processes[i].log));
  }
  expect_same_lines(dump_capture(golden("v2")), dump_capture(directory.path()));
}

TEST(Golden, HoldsEveryRecordType) {
  const std::string text = dump_capture(golden("v2"));
  for (const char* line :
       {"process ",     "clock ",  "api ",          "device ",       "context ", "load ",
        "image ",       "kernel ", "graph ",        "graph_update ", "thread ",  "deviation ",
        "drops ",       "launch ", "graph_launch ", "call ",         "window ",  "region ",
        "page_hashes ", "stream ", "payload ",      "point ",        "end "}) {
    EXPECT_NE(std::string::npos, text.find(std::string("\n") + line)) << line;
  }
}

TEST(Golden, ExampleOfTheFormatPageIsReal) {
  const auto bytes = example_bytes(read_file(golden("../../docs/format.md")));
  const std::string log = read_file(open_capture(golden("v2")).processes.at(1).log);
  EXPECT_EQ(160u, bytes.size());
  for (const auto& [offset, byte] : bytes) {
    EXPECT_EQ(static_cast<std::byte>(log.at(offset)), byte) << std::hex << offset;
  }
}

TEST(Golden, PagesAreUnderTheirHash) {
  PageStore store(open_capture(golden("v2")));
  EXPECT_TRUE(store.problems().empty());
  EXPECT_EQ(golden_pages().size(), store.size());
  for (const auto& page : golden_pages())
    EXPECT_TRUE(std::ranges::equal(page, store.read(content_hash(page))));
}

TEST(Golden, ImagesAreUnderTheirHash) {
  struct Images : Visitor {
    std::vector<fs::path> paths;
    const Capture* capture = nullptr;
    void on_image(const Image& image) override {
      paths.push_back(image_path(*capture, image.fixed.hash));
    }
  } images;
  const Capture capture = open_capture(golden("v2"));
  images.capture = &capture;
  (void)read_log_file(capture.processes[0].log, images);
  ASSERT_EQ(1u, images.paths.size());
  EXPECT_EQ(golden_image(), read_file(images.paths[0]));
}

}  // namespace
}  // namespace fib::trace
