// SPDX-License-Identifier: Apache-2.0
// Files that are made to cost much: the work must stay linear in their size.
#include <gtest/gtest.h>
#include <zstd.h>

#include <chrono>

#include "log_builder.h"
#include "trace/chunk_scanner.h"
#include "trace/inflate.h"
#include "trace/reader.h"

namespace fib::trace {
namespace {

using namespace testing;

ByteVector zstd_of(std::size_t raw_bytes) {
  const ByteVector raw(raw_bytes);
  ByteVector frame(ZSTD_compressBound(raw_bytes));
  frame.resize(ZSTD_compress(frame.data(), frame.size(), raw.data(), raw.size(), 3));
  return frame;
}

ReadResult read_zstd(std::span<const std::byte> frame, std::uint32_t raw_bytes) {
  LogBuilder log;
  ChunkHeader header{};
  header.type = static_cast<std::uint16_t>(ChunkType::End);
  header.flags = kChunkZstd;
  header.raw_bytes = raw_bytes;
  log.chunk(header, frame);
  Visitor ignore;
  return read_log(log.bytes, "log", ignore);
}

TEST(Limits, FrameThatDisagreesWithTheHeaderIsDamage) {
  const ByteVector frame = zstd_of(1000);
  EXPECT_EQ(ReadStatus::Complete, read_zstd(frame, 1000).status);
  EXPECT_EQ(ReadStatus::Damaged, read_zstd(frame, 999).status);
  EXPECT_EQ(ReadStatus::Damaged, read_zstd(frame, 1001).status);
  EXPECT_EQ(ReadStatus::Damaged, read_zstd(frame, kMaxChunkBytes).status);
}

TEST(Limits, BombIsNotUnpacked) {
  const std::uint32_t bytes = 64u << 20;
  const ByteVector frame = zstd_of(bytes);
  ASSERT_LT(max_raw_bytes(static_cast<std::uint32_t>(frame.size())), bytes);
  const ReadResult result = read_zstd(frame, bytes);
  EXPECT_EQ(ReadStatus::Damaged, result.status);
  EXPECT_EQ(0u, result.raw_bytes);
}

TEST(Limits, BrokenFrameBehindARightChecksumIsDamage) {
  ByteVector frame = zstd_of(1000);
  frame.pop_back();
  EXPECT_EQ(ReadStatus::Damaged, read_zstd(frame, 1000).status);
  EXPECT_EQ(ReadStatus::Damaged, read_zstd({}, 0).status);
  EXPECT_EQ(ReadStatus::Damaged, read_zstd(ByteVector(100), 100).status);
}

TEST(Limits, FrameWithoutItsSizeIsDamage) {
  const ByteVector raw(1000);
  ByteVector frame(2000);
  ZSTD_CCtx* zstd = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(zstd, ZSTD_c_contentSizeFlag, 0);
  frame.resize(ZSTD_compress2(zstd, frame.data(), frame.size(), raw.data(), raw.size()));
  ZSTD_freeCCtx(zstd);
  EXPECT_EQ(ReadStatus::Damaged, read_zstd(frame, 1000).status);
}

TEST(Limits, StoredChunkMustBeAsLongAsItSays) {
  LogBuilder log;
  ChunkHeader header{};
  header.type = static_cast<std::uint16_t>(ChunkType::End);
  header.raw_bytes = 33;
  log.chunk(header, octets_of(EndPayload{}));
  Visitor ignore;
  EXPECT_EQ(ReadStatus::Damaged, read_log(log.bytes, "log", ignore).status);
}

// Every 32 bytes a header that claims the rest of the file: hashing each would be quadratic.
TEST(Limits, ManyFalseHeadersStayLinear) {
  LogBuilder log;
  constexpr std::size_t kHeaders = 1u << 18;
  for (std::size_t i = 0; i < kHeaders; ++i) {
    ChunkHeader header{};
    header.magic = kChunkMagic;
    header.type = 1;
    header.stored_bytes = static_cast<std::uint32_t>((kHeaders - i - 1) * sizeof header);
    header.raw_bytes = header.stored_bytes;
    append(log.bytes, octets_of(header));
  }
  const auto start = std::chrono::steady_clock::now();
  Visitor ignore;
  const ReadResult result = read_log(log.bytes, "log", ignore);
  EXPECT_EQ(ReadStatus::Damaged, result.status);
  // 8 MiB take well below a second; quadratic work would hash a tebibyte.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(Limits, AbsurdSequenceNumbersAreDamage) {
  LogBuilder log;
  log.sequence = 1ull << 60;
  log.end();
  Visitor ignore;
  const ReadResult result = read_log(log.bytes, "log", ignore);
  EXPECT_EQ(ReadStatus::Damaged, result.status);
  EXPECT_EQ(1u, result.damaged_chunks);
}

}  // namespace
}  // namespace fib::trace
