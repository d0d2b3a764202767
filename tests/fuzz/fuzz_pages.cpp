// SPDX-License-Identifier: Apache-2.0
// Entry point as libFuzzer wants it. The input is tried as a whole page file, and as the index and
// contents of a pair of chunks: checksums would keep a fuzzer from ever getting there.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "tests/unit/trace/page_file_builder.h"
#include "trace/inflate.h"
#include "trace/page_scanner.h"

namespace {

using namespace fib::trace;
using namespace fib::trace::testing;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "fuzz_pages: %s\n", what);
  std::abort();
}

std::vector<Hash> hashes_in(Bytes index) {
  std::vector<Hash> hashes;
  for (; !index.empty(); index = index.subspan(sizeof(PageEntry))) {
    Hash& hash = hashes.emplace_back();
    std::memcpy(hash.data(), index.data(), sizeof hash);
  }
  return hashes;
}

/// What the scanner gives must be safe to use, and what the store gives must be right.
void read(Bytes file) {
  static const PageCapture capture;
  capture.write("a-0.fib", file);
  PageStore store(capture.capture());
  PageScanner scanner(file);
  Inflater inflater;
  PagePair pair;
  std::size_t budget = 64;  // pages to read; a file can name the same ones again and again
  while (scanner.next(pair)) {
    Bytes raw;
    (void)inflater.inflate(pair.pages, raw);
    for (const Hash& hash : hashes_in(pair.index)) {
      require(store.contains(hash), "a page that was scanned is not in the store");
      if (budget == 0) break;
      --budget;
      const Bytes content = store.read(hash);
      require(content.empty() || content_hash(content) == hash, "a page with a wrong content");
    }
  }
}

void chunk(ByteVector& file, ChunkHeader header, Bytes payload) {
  header.magic = kChunkMagic;
  header.stored_bytes = static_cast<std::uint32_t>(payload.size());
  header.checksum = chunk_checksum(header, payload);
  const auto bytes = std::as_bytes(std::span(&header, 1));
  file.insert(file.end(), bytes.begin(), bytes.end());
  file.insert(file.end(), payload.begin(), payload.end());
}

/// The first byte says how many entries the index has, the next whether the contents are
/// compressed.
void read_as_pair(Bytes input) {
  if (input.size() < 2) return;
  const std::size_t entries = std::min<std::size_t>(std::to_integer<std::size_t>(input[0]),
                                                    input.size() / sizeof(PageEntry));
  const bool compressed = (input[1] & std::byte{1}) != std::byte{};
  const Bytes index = input.first(entries * sizeof(PageEntry));
  std::uint64_t raw = 0;
  for (Bytes rest = index; !rest.empty(); rest = rest.subspan(sizeof(PageEntry))) {
    PageEntry entry;
    std::memcpy(&entry, rest.data(), sizeof entry);
    raw += padded(entry.bytes);
  }
  ByteVector file = page_file({});
  ChunkHeader header{};
  header.type = static_cast<std::uint16_t>(ChunkType::PageIndex);
  header.raw_bytes = static_cast<std::uint32_t>(index.size());
  chunk(file, header, index);
  header.type = static_cast<std::uint16_t>(ChunkType::Pages);
  header.flags = compressed ? kChunkZstd : std::uint16_t{0};
  header.raw_bytes = static_cast<std::uint32_t>(raw);
  header.sequence = 1;
  chunk(file, header, input.subspan(index.size()));
  read(file);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input = std::as_bytes(std::span(data, size));
  read(input);
  read_as_pair(input);
  return 0;
}
