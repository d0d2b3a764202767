// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "log_builder.h"
#include "text_dump.h"
#include "trace/decoder.h"
#include "trace/encoder.h"

namespace fib::trace {
namespace {

using namespace testing;

/// Offsets where chunks begin, and the end of the file.
std::vector<std::size_t> boundaries(const ByteVector& log) {
  std::vector<std::size_t> at = {sizeof(FileHeader)};
  while (at.back() < log.size()) {
    ChunkHeader header;
    std::memcpy(&header, log.data() + at.back(), sizeof header);
    at.push_back(at.back() + sizeof header + header.stored_bytes);
  }
  return at;
}

ReadStatus expected_cut_status(const ByteVector& log, const GoldenLog& golden, std::size_t length) {
  const auto at = boundaries(log);
  const auto found = std::find(at.begin(), at.end(), length);
  if (found == at.end()) return ReadStatus::Truncated;
  if (found == at.begin()) return ReadStatus::Unclosed;
  const auto last = static_cast<std::size_t>(found - at.begin() - 1);
  return golden.chunks[last].type == ChunkType::End ? ReadStatus::Complete : ReadStatus::Unclosed;
}

TEST(Damage, CutAtEveryByteKeepsEverythingBefore) {
  const auto logs = golden_logs();
  for (const std::size_t which : {0u, 1u}) {
    const ByteVector log = golden_bytes(which);
    const std::string whole = dump_log(log);
    for (std::size_t length = 0; length <= log.size(); ++length) {
      TextDump dump;
      const ReadResult result = read_log(Bytes(log).first(length), "log", dump);
      ASSERT_EQ(expected_cut_status(log, logs[which], length), result.status)
          << length << result.message;
      ASSERT_EQ(0u, whole.find(dump.text())) << length;
      ASSERT_EQ(0u, result.damaged_chunks) << length;
    }
  }
}

TEST(Damage, EveryFlippedBitIsNoticed) {
  for (const std::size_t which : {0u, 1u}) {
    ByteVector log = golden_bytes(which);
    for (std::size_t bit = 0; bit < 8 * log.size(); ++bit) {
      const auto mask = static_cast<std::byte>(1u << bit % 8);
      log[bit / 8] ^= mask;
      TextDump dump;
      const ReadResult result = read_log(log, "log", dump);
      ASSERT_NE(ReadStatus::Complete, result.status) << "bit " << bit;
      ASSERT_NE(ReadStatus::Unclosed, result.status) << "bit " << bit;
      ASSERT_EQ(0u, result.message.find("log: ")) << "bit " << bit;
      ASSERT_EQ(std::string::npos, result.message.find('\n')) << "bit " << bit;
      log[bit / 8] ^= mask;
    }
  }
}

TEST(Damage, OneBitCostsOneChunkAtMost) {
  ByteVector log = golden_bytes(0);
  const auto at = boundaries(log);
  for (std::size_t byte = at.front(); byte < log.size(); ++byte) {
    log[byte] ^= std::byte{0x10};
    Visitor ignore;
    const ReadResult result = read_log(log, "log", ignore);
    ASSERT_EQ(5u, result.chunks) << byte;
    ASSERT_LE(result.damaged_chunks, 1u) << byte;
    log[byte] ^= std::byte{0x10};
  }
}

TEST(Damage, DamagedChunkIsSkippedAndNamed) {
  ByteVector log = golden_bytes(0);
  const auto at = boundaries(log);
  log[at[1] + sizeof(ChunkHeader) + 5] ^= std::byte{0xff};
  CountingVisitor counts;
  const ReadResult result = read_log(log, "log", counts);
  EXPECT_EQ(ReadStatus::Damaged, result.status);
  EXPECT_EQ(1u, result.damaged_chunks);
  EXPECT_NE(std::string::npos,
            result.message.find("log: 1 damaged chunk, the first damage at byte " +
                                std::to_string(at[1])));
  EXPECT_EQ(0u, counts.launches);
  EXPECT_EQ(4u, counts.calls);
}

TEST(Damage, MissingChunksAreCounted) {
  ByteVector log = golden_bytes(0);
  const auto at = boundaries(log);
  log.erase(log.begin() + static_cast<std::ptrdiff_t>(at[1]),
            log.begin() + static_cast<std::ptrdiff_t>(at[3]));
  Visitor ignore;
  const ReadResult result = read_log(log, "log", ignore);
  EXPECT_EQ(ReadStatus::Damaged, result.status);
  EXPECT_EQ(2u, result.damaged_chunks);
  EXPECT_EQ(4u, result.chunks);
}

TEST(Damage, RepeatedChunkIsNotDeliveredTwice) {
  ByteVector log = golden_bytes(0);
  const auto at = boundaries(log);
  const ByteVector copy(log.begin() + static_cast<std::ptrdiff_t>(at[1]),
                        log.begin() + static_cast<std::ptrdiff_t>(at[2]));
  log.insert(log.begin() + static_cast<std::ptrdiff_t>(at[2]), copy.begin(), copy.end());
  CountingVisitor counts;
  const ReadResult result = read_log(log, "log", counts);
  EXPECT_EQ(ReadStatus::Damaged, result.status);
  EXPECT_EQ(1u, result.damaged_chunks);
  EXPECT_EQ(3u, counts.launches);
}

TEST(Damage, ForeignBytesBetweenChunksAreSkipped) {
  ByteVector log = golden_bytes(0);
  const auto at = boundaries(log);
  const ByteVector foreign(1000, std::byte{'F'});
  log.insert(log.begin() + static_cast<std::ptrdiff_t>(at[2]), foreign.begin(), foreign.end());
  CountingVisitor counts;
  const ReadResult result = read_log(log, "log", counts);
  EXPECT_EQ(ReadStatus::Damaged, result.status);
  EXPECT_EQ(6u, result.chunks);
  EXPECT_EQ(3u, counts.launches);
}

TEST(Damage, ZerosAtTheEndAreDamage) {
  ByteVector log = golden_bytes(0);
  log.resize(log.size() + 4096);  // what a file system may leave after a power cut
  CountingVisitor counts;
  EXPECT_EQ(ReadStatus::Damaged, read_log(log, "log", counts).status);
  EXPECT_EQ(3u, counts.launches);
}

TEST(Damage, DamageOutranksACutTail) {
  ByteVector log = golden_bytes(0);
  log[boundaries(log)[1] + 40] ^= std::byte{1};
  log.pop_back();
  Visitor ignore;
  const ReadResult result = read_log(log, "log", ignore);
  EXPECT_EQ(ReadStatus::Damaged, result.status);
  EXPECT_NE(std::string::npos, result.message.find("cut off at the end"));
}

/// A Records chunk of a good clock, then `bad`, then another good clock.
ReadResult read_between_clocks(Bytes bad, CountingVisitor& counts) {
  RecordBuffer clock;
  EXPECT_TRUE(encode_clock(clock, 1, {}));
  ByteVector records;
  append(records, clock.bytes());
  append(records, bad);
  append(records, clock.bytes());
  LogBuilder log;
  log.records(records).end();
  return read_log(log.bytes, "log", counts);
}

TEST(Damage, RecordWithImpossiblePartsIsSkippedAlone) {
  RecordBuffer out;
  ASSERT_TRUE(RecordBuilder(out, RecordType::Launch, 0, 0).pod(std::uint64_t{1}).finish());
  CountingVisitor counts;
  const ReadResult result = read_between_clocks(out.bytes(), counts);
  EXPECT_EQ(ReadStatus::Damaged, result.status);
  EXPECT_EQ(1u, result.damaged_chunks);
  EXPECT_EQ(2u, counts.definitions);
  EXPECT_EQ(0u, counts.launches);
}

TEST(Damage, RecordWithImpossibleLengthEndsItsChunk) {
  for (const std::uint32_t bytes : {0u, 8u, 17u, 20u, 4096u, 0xfffffff8u}) {
    const RecordHeader header{2, 0, bytes, 0};
    CountingVisitor counts;
    const ReadResult result = read_between_clocks(octets_of(header), counts);
    EXPECT_EQ(ReadStatus::Damaged, result.status) << bytes;
    EXPECT_EQ(1u, counts.definitions) << bytes;
    EXPECT_EQ(1u, counts.ends) << bytes;
  }
}

// Cutting 8 bytes off always takes a part away: padding is shorter than that.
TEST(Damage, RecordCutAtEveryWordIsMalformed) {
  const auto logs = golden_logs();
  Visitor ignore;
  Decoder decoder(ignore);
  for (const auto& chunk : logs[0].chunks) {
    if (chunk.type == ChunkType::End) continue;
    for (Bytes rest = chunk.payload.bytes().subspan(sizeof(RecordsPrefix)); !rest.empty();) {
      RecordHeader header;
      std::memcpy(&header, rest.data(), sizeof header);
      const bool pad = header.type == static_cast<std::uint16_t>(RecordType::Pad);
      EXPECT_EQ(pad ? DecodeStatus::Skipped : DecodeStatus::Delivered,
                decoder.decode(0, rest.first(header.bytes)));
      for (std::uint32_t cut = sizeof header; !pad && cut < header.bytes; cut += 8) {
        EXPECT_EQ(DecodeStatus::Malformed, decoder.decode(0, rest.first(cut)))
            << header.type << " cut to " << cut;
      }
      rest = rest.subspan(header.bytes);
    }
  }
}

TEST(Damage, NodeWithImpossibleLengthIsMalformed) {
  Visitor ignore;
  Decoder decoder(ignore);
  for (const std::uint32_t bytes : {0u, 16u, 28u, 48u, 0xfffffff8u}) {
    RecordBuffer out;
    const GraphNode node{bytes, 1, 0, 0, kNoParent, 0};
    ASSERT_TRUE(RecordBuilder(out, RecordType::GraphUpdate, 0, 0)
                    .pod(GraphUpdateRecord{})
                    .pod(node)
                    .pod(std::uint64_t{0})
                    .finish());
    EXPECT_EQ(DecodeStatus::Malformed, decoder.decode(0, out.bytes())) << bytes;
  }
}

TEST(Damage, ChunkTooShortForItsPrefixIsDamaged) {
  LogBuilder log;
  const ByteVector four(4);
  log.chunk(ChunkType::Records, four).chunk(ChunkType::End, four).end();
  Visitor ignore;
  const ReadResult result = read_log(log.bytes, "log", ignore);
  EXPECT_EQ(ReadStatus::Damaged, result.status);
  EXPECT_EQ(2u, result.damaged_chunks);
}

// Every 32-bit word of every golden record set to extreme values, behind right checksums.
TEST(Damage, ExtremeFieldsAreBoundsChecked) {
  const auto logs = golden_logs();
  for (const auto& chunk : logs[0].chunks) {
    if (chunk.type == ChunkType::End) continue;
    const auto golden = chunk.payload.bytes();
    for (std::size_t at = 0; at + 4 <= golden.size(); at += 4) {
      for (const std::uint32_t value : {0u, 1u, 0x7fffffffu, 0xfffffff8u, 0xffffffffu}) {
        ByteVector payload(golden.begin(), golden.end());
        std::memcpy(payload.data() + at, &value, sizeof value);
        LogBuilder log;
        log.chunk(chunk.type, payload).end();
        TextDump dump;
        const ReadResult result = read_log(log.bytes, "log", dump);
        ASSERT_TRUE(result.status == ReadStatus::Complete || result.status == ReadStatus::Damaged);
      }
    }
  }
}

}  // namespace
}  // namespace fib::trace
