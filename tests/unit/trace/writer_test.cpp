// SPDX-License-Identifier: Apache-2.0
#include "trace/writer.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <new>
#include <random>

#include "log_builder.h"
#include "text_dump.h"
#include "trace/chunk_scanner.h"
#include "trace/inflate.h"

namespace fib::trace {
namespace {

using namespace testing;

std::vector<ChunkHeader> headers_of(Bytes log) {
  ChunkScanner scanner(log, sizeof(FileHeader));
  ChunkView chunk;
  std::vector<ChunkHeader> headers;
  while (scanner.next(chunk)) headers.push_back(chunk.header);
  EXPECT_EQ(0u, scanner.damaged());
  return headers;
}

TEST(ChunkWriter, WritesTheFileHeader) {
  ByteVector log;
  ChunkWriter writer(std::make_unique<MemorySink>(log), 123, 3);
  EXPECT_EQ(0, writer.error());
  ASSERT_EQ(sizeof(FileHeader), log.size());
  EXPECT_EQ(log.size(), writer.bytes_written());
  FileHeader header;
  std::memcpy(&header, log.data(), sizeof header);
  EXPECT_EQ(kFormatVersion, header.version);
  EXPECT_EQ(sizeof header, header.header_bytes);
  EXPECT_EQ(123u, header.start_unix_ns);
  EXPECT_EQ(file_checksum(header), header.checksum);
}

TEST(ChunkWriter, JoinsPartsNumbersChunksAndCompressesWhatShrinks) {
  ByteVector log;
  const ByteVector regular(5000, std::byte{7});
  const ByteVector tiny(3, std::byte{9});
  ChunkWriter writer(std::make_unique<MemorySink>(log), 0, 3);
  ASSERT_EQ(0, writer.write(ChunkType::Records, {tiny, regular, tiny}));
  ASSERT_EQ(0, writer.write(ChunkType::End, {tiny}));
  ASSERT_EQ(0, writer.write(ChunkType::End, {}));
  const auto headers = headers_of(log);
  ASSERT_EQ(3u, headers.size());
  EXPECT_EQ(kChunkZstd, headers[0].flags);
  EXPECT_EQ(5006u, headers[0].raw_bytes);
  EXPECT_LT(headers[0].stored_bytes, 100u);
  EXPECT_EQ(0u, headers[1].flags);
  EXPECT_EQ(3u, headers[1].stored_bytes);
  EXPECT_EQ(2u, headers[2].sequence);
  EXPECT_EQ(0u, headers[2].raw_bytes);
  EXPECT_EQ(log.size(), writer.bytes_written());
}

TEST(ChunkWriter, LevelZeroStores) {
  ByteVector log;
  const ByteVector regular(5000, std::byte{7});
  ChunkWriter writer(std::make_unique<MemorySink>(log), 0, 0);
  ASSERT_EQ(0, writer.write(ChunkType::Records, {regular}));
  const auto headers = headers_of(log);
  ASSERT_EQ(1u, headers.size());
  EXPECT_EQ(5000u, headers[0].stored_bytes);
}

ByteVector noise(std::size_t bytes) {
  std::minstd_rand random(1);
  ByteVector values(bytes);
  for (auto& value : values) value = static_cast<std::byte>(random() >> 8);
  return values;
}

// The reader refuses payloads that grow too much, so the writer must not make any.
TEST(ChunkWriter, EveryPayloadReadsBack) {
  const ByteVector zeros(8u << 20);
  const ByteVector random = noise(300'000);
  ByteVector log;
  ChunkWriter writer(std::make_unique<MemorySink>(log), 0, 1);
  ASSERT_EQ(0, writer.write(ChunkType::Records, {zeros}));
  ASSERT_EQ(0, writer.write(ChunkType::Records, {random, zeros}));
  ASSERT_EQ(0, writer.write(ChunkType::Records, {random}));
  ChunkScanner scanner(log, sizeof(FileHeader));
  Inflater inflater;
  ChunkView chunk;
  Bytes raw;
  std::size_t total = 0;
  while (scanner.next(chunk)) {
    ASSERT_EQ(InflateStatus::Done, inflater.inflate(chunk, raw));
    total += raw.size();
  }
  EXPECT_EQ(2 * (zeros.size() + random.size()), total);
}

TEST(ChunkWriter, RefusesTooLargeAChunkAndLivesOn) {
  ByteVector log;
  ChunkWriter writer(std::make_unique<MemorySink>(log), 0, 0);
  const ByteVector part(kMaxChunkBytes / 8 + 1);
  EXPECT_EQ(EMSGSIZE,
            writer.write(ChunkType::Records, {part, part, part, part, part, part, part, part}));
  EXPECT_EQ(0, writer.error());
  EXPECT_EQ(0, writer.write(ChunkType::End, {}));
  EXPECT_EQ(1u, headers_of(log).size());
}

TEST(ChunkWriter, WithoutSinkIsDead) {
  ChunkWriter writer(nullptr, 0, 3);
  EXPECT_EQ(EBADF, writer.error());
  EXPECT_EQ(EBADF, writer.write(ChunkType::End, {}));
}

TEST(ChunkWriter, StaysDeadAfterAFailure) {
  ByteVector log;
  auto sink = std::make_unique<FailingSink>(log, sizeof(FileHeader) + 40, EIO);
  ChunkWriter writer(std::move(sink), 0, 3);
  const ByteVector payload(10);
  EXPECT_EQ(EIO, writer.write(ChunkType::Records, {payload}));
  EXPECT_EQ(EIO, writer.write(ChunkType::End, {}));  // would fit
  EXPECT_EQ(EIO, writer.error());
  EXPECT_EQ(sizeof(FileHeader), log.size());
  EXPECT_EQ(log.size(), writer.bytes_written());
}

// A disk that is full at every possible byte: what is there always reads back up to a whole chunk.
TEST(ChunkWriter, DiskFullAtEveryByteLeavesAReadableLog) {
  const GoldenLog golden = std::move(golden_logs()[0]);
  const std::size_t whole = golden_bytes(0).size();
  std::size_t chunks_before = 0;
  for (std::size_t capacity = 0; capacity <= whole; ++capacity) {
    ByteVector log;
    const bool ok = write_golden_log(golden, std::make_unique<FailingSink>(log, capacity));
    EXPECT_EQ(capacity == whole, ok) << capacity;
    Visitor ignore;
    const ReadResult result = read_log(log, "log", ignore);
    EXPECT_EQ(0u, result.damaged_chunks);
    EXPECT_GE(result.chunks, chunks_before);
    EXPECT_LE(log.size(), capacity);
    chunks_before = result.chunks;
    if (log.size() >= sizeof(FileHeader)) {
      EXPECT_TRUE(result.status == ReadStatus::Unclosed || result.status == ReadStatus::Complete);
    }
  }
  EXPECT_EQ(golden.chunks.size(), chunks_before);
}

}  // namespace
}  // namespace fib::trace
