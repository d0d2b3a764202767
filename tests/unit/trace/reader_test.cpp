// SPDX-License-Identifier: Apache-2.0
#include "trace/reader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "log_builder.h"
#include "temp_directory.h"
#include "text_dump.h"
#include "trace/encoder.h"

namespace fib::trace {
namespace {

using namespace testing;

ReadResult read(const ByteVector& log) {
  Visitor ignore;
  return read_log(log, "some/log.fib", ignore);
}

FileHeader header_of(const ByteVector& log) {
  FileHeader header;
  std::memcpy(&header, log.data(), sizeof header);
  return header;
}

bool has(const ReadResult& result, const std::string& text) {
  return result.message.find(text) != std::string::npos;
}

TEST(Reader, WholeLogIsComplete) {
  const ReadResult result = read(golden_bytes(0));
  EXPECT_EQ(ReadStatus::Complete, result.status);
  EXPECT_EQ("", result.message);
  EXPECT_EQ(6u, result.chunks);
  EXPECT_EQ(kFormatVersion, result.version);
  EXPECT_EQ(golden_bytes(0).size(), result.file_bytes);
}

TEST(Reader, DeliversWhatItCounts) {
  CountingVisitor counts;
  const ReadResult result = read_log(golden_bytes(0), "log", counts);
  EXPECT_EQ(counts.all(), result.records);
  EXPECT_EQ(3u, counts.launches);
  EXPECT_EQ(1u, counts.graph_launches);
  EXPECT_EQ(4u, counts.calls);
  EXPECT_EQ(2u, counts.ends);
}

TEST(Reader, GivesTheThreadOfTheChunk) {
  struct Threads : Visitor {
    std::vector<std::uint32_t> calls;
    void on_call(std::uint32_t thread, const Call&) override { calls.push_back(thread); }
  } threads;
  (void)read_log(golden_bytes(0), "log", threads);
  EXPECT_EQ((std::vector<std::uint32_t>{1, 1, 0, 0}), threads.calls);
}

TEST(Reader, LogWithoutEndIsUnclosed) {
  LogBuilder log;
  EXPECT_EQ(ReadStatus::Unclosed, read(log.bytes).status);
  log.records({});
  const ReadResult result = read(log.bytes);
  EXPECT_EQ(ReadStatus::Unclosed, result.status);
  EXPECT_TRUE(has(result, "some/log.fib: never closed"));
}

TEST(Reader, RecordsBehindTheLastEndMakeItUnclosed) {
  LogBuilder log;
  log.end().records({});
  EXPECT_EQ(ReadStatus::Unclosed, read(log.bytes).status);
  log.end();
  EXPECT_EQ(ReadStatus::Complete, read(log.bytes).status);
}

TEST(Reader, NewerVersionIsRefusedWithBothVersions) {
  LogBuilder log;
  FileHeader header = header_of(log.bytes);
  header.version = kFormatVersion + 6;
  log.add_file_header(header);
  log.records({});
  CountingVisitor counts;
  const ReadResult result = read_log(log.bytes, "some/log.fib", counts);
  EXPECT_EQ(ReadStatus::Refused, result.status);
  EXPECT_TRUE(has(result, "some/log.fib: of format version 8, this build reads up to 2; use"));
  EXPECT_EQ(8, result.version);
  EXPECT_EQ(0u, counts.all());
}

TEST(Reader, OtherByteOrderIsRefused) {
  LogBuilder log;
  FileHeader header = header_of(log.bytes);
  header.endian = 0x0201;
  header.version = 0x0100;
  log.add_file_header(header);
  const ReadResult result = read(log.bytes);
  EXPECT_EQ(ReadStatus::Refused, result.status);
  EXPECT_TRUE(has(result, "other byte order"));
}

TEST(Reader, OtherFilesAreRefused) {
  ByteVector png(100);
  std::memcpy(png.data(), "\x89PNG", 4);
  const ReadResult result = read(png);
  EXPECT_EQ(ReadStatus::Refused, result.status);
  EXPECT_TRUE(has(result, "not a fibshim log"));
  EXPECT_EQ(ReadStatus::Refused, read(ByteVector(3)).status);
}

TEST(Reader, VersionZeroIsRefused) {
  LogBuilder log;
  FileHeader header = header_of(log.bytes);
  header.version = 0;
  log.add_file_header(header);
  EXPECT_EQ(ReadStatus::Refused, read(log.bytes).status);
}

TEST(Reader, DamagedFileHeaderIsSaidAndTheRestRead) {
  ByteVector log = golden_bytes(0);
  log[offsetof(FileHeader, start_unix_ns)] ^= std::byte{1};
  CountingVisitor counts;
  const ReadResult result = read_log(log, "log", counts);
  EXPECT_EQ(ReadStatus::Damaged, result.status);
  EXPECT_TRUE(has(result, "the file header"));
  EXPECT_EQ(3u, counts.launches);
}

TEST(Reader, UnknownChunkTypesAreSkippedAndCounted) {
  RecordBuffer clock;
  ASSERT_TRUE(encode_clock(clock, 1, {}));
  LogBuilder log;
  log.chunk(std::uint16_t{900}, clock.bytes()).records(clock.bytes()).end();
  log.chunk(std::uint16_t{901}, {});
  const ReadResult result = read(log.bytes);
  EXPECT_EQ(ReadStatus::Complete, result.status);
  EXPECT_EQ(2u, result.unknown_chunks);
  EXPECT_EQ(1u, result.records);
}

TEST(Reader, UnknownEncodingsAreSkippedAndCounted) {
  LogBuilder log;
  ChunkHeader header{};
  header.type = static_cast<std::uint16_t>(ChunkType::Records);
  header.flags = 0x8000;
  header.raw_bytes = 1000;
  log.chunk(header, {});
  log.sequence = 1;
  log.end();
  const ReadResult result = read(log.bytes);
  EXPECT_EQ(ReadStatus::Complete, result.status);
  EXPECT_EQ(1u, result.unknown_chunks);
}

TEST(Reader, UnknownRecordTypesAreSkippedAndCounted) {
  RecordBuffer out;
  ASSERT_TRUE(RecordBuilder(out, RecordType{700}, 0, 0).pod(std::uint64_t{1}).finish());
  ASSERT_TRUE(encode_clock(out, 1, {}));
  ASSERT_TRUE(RecordBuilder(out, RecordType{701}, 0, 0).finish());
  LogBuilder log;
  log.records(out.bytes()).end();
  const ReadResult result = read(log.bytes);
  EXPECT_EQ(ReadStatus::Complete, result.status);
  EXPECT_EQ(2u, result.unknown_records);
  EXPECT_EQ(1u, result.records);
}

// A later version may append to a record: older readers read the part that they know.
TEST(Reader, BytesBehindTheKnownPartsAreIgnored) {
  RecordBuffer out;
  const std::uint64_t more[] = {1, 2, 3};
  ASSERT_TRUE(RecordBuilder(out, RecordType::Clock, 0, 5)
                  .pod(ClockRecord{6, 7})
                  .array(std::span<const std::uint64_t>(more))
                  .finish());
  LogBuilder log;
  log.records(out.bytes()).end();
  EXPECT_EQ(0u, dump_log(log.bytes).find("clock ticks=5 unix_ns=6 monotonic_ns=7\n"));
}

TEST(Reader, PadCountsAsNothing) {
  RecordBuffer out;
  ASSERT_TRUE(RecordBuilder(out, RecordType::Pad, 0, 0).finish());
  LogBuilder log;
  log.records(out.bytes()).end();
  const ReadResult result = read(log.bytes);
  EXPECT_EQ(ReadStatus::Complete, result.status);
  EXPECT_EQ(0u, result.records + result.unknown_records);
}

TEST(Reader, VisitorExceptionsPassThrough) {
  struct Throwing : Visitor {
    void on_launch(std::uint32_t, const Launch&) override { throw 42; }
  } throwing;
  EXPECT_THROW((void)read_log(golden_bytes(0), "log", throwing), int);
}

TEST(ReaderFile, ReadsWhatMemoryReads) {
  const TempDirectory directory;
  const ByteVector log = golden_bytes(0);
  const std::string text(reinterpret_cast<const char*>(log.data()), log.size());
  TextDump dump;
  const ReadResult result = read_log_file(directory.write("log.fib", text), dump);
  EXPECT_EQ(ReadStatus::Complete, result.status);
  EXPECT_EQ(0u, dump_log(log).find(dump.text()));
}

TEST(ReaderFile, SaysWhatIsWrongWithThePath) {
  const TempDirectory directory;
  Visitor ignore;
  const auto missing = directory.path() / "missing";
  ReadResult result = read_log_file(missing, ignore);
  EXPECT_EQ(ReadStatus::Refused, result.status);
  EXPECT_TRUE(has(result, missing.string() + ": cannot be read (No such file or directory)"));
  result = read_log_file(directory.path(), ignore);
  EXPECT_EQ(ReadStatus::Refused, result.status);
  EXPECT_TRUE(has(result, "not a file"));
}

TEST(ReaderFile, DoesNotWaitForAFifo) {
  const TempDirectory directory;
  const auto fifo = directory.path() / "fifo";
  ASSERT_EQ(0, mkfifo(fifo.c_str(), 0600));
  Visitor ignore;
  EXPECT_EQ(ReadStatus::Refused, read_log_file(fifo, ignore).status);
}

TEST(ReaderFile, EmptyFileIsTruncated) {
  const TempDirectory directory;
  Visitor ignore;
  const ReadResult result = read_log_file(directory.write("log.fib", ""), ignore);
  EXPECT_EQ(ReadStatus::Truncated, result.status);
  EXPECT_TRUE(has(result, "cut off inside its header"));
}

}  // namespace
}  // namespace fib::trace
