// SPDX-License-Identifier: Apache-2.0
#include "trace/reader.h"

#include <algorithm>
#include <cstring>

#include "trace/checksum.h"
#include "trace/chunk_scanner.h"
#include "trace/decoder.h"
#include "trace/inflate.h"

namespace fib::trace {
namespace {

/// What becomes of the records.
class Consumer {
 public:
  virtual ~Consumer() = default;
  virtual DecodeStatus record(std::uint32_t thread, Bytes record) = 0;
  virtual void end(const EndPayload& end) = 0;
};

class DecodingConsumer final : public Consumer {
 public:
  explicit DecodingConsumer(Visitor& visitor) : visitor_(visitor), decoder_(visitor) {}
  DecodeStatus record(std::uint32_t thread, Bytes record) override {
    return decoder_.decode(thread, record);
  }
  void end(const EndPayload& end) override { visitor_.on_end(end); }

 private:
  Visitor& visitor_;
  Decoder decoder_;
};

class RawConsumer final : public Consumer {
 public:
  explicit RawConsumer(RawVisitor& visitor) : visitor_(visitor) {}
  DecodeStatus record(std::uint32_t thread, Bytes record) override {
    visitor_.on_record(thread, record);
    return DecodeStatus::Delivered;
  }
  void end(const EndPayload& end) override { visitor_.on_end(end); }

 private:
  RawVisitor& visitor_;
};

class LogReader {
 public:
  LogReader(Bytes file, const std::string& name, Consumer& consumer)
      : file_(file), name_(name), consumer_(consumer) {
    result_.file_bytes = file.size();
  }

  ReadResult run();

 private:
  bool read_file_header();
  void check_file_header(const FileHeader& header);
  void read_chunks();
  void read_chunk(const ChunkView& chunk);
  [[nodiscard]] bool read_records(Bytes payload);
  [[nodiscard]] bool read_end(Bytes payload);
  void note_damage(std::uint64_t offset);
  void refuse(const std::string& why) { result_.message = name_ + ": " + why; }
  void conclude(const ChunkScanner& scanner);
  [[nodiscard]] std::string damage_message(bool truncated) const;

  Bytes file_;
  const std::string& name_;
  Consumer& consumer_;
  Inflater inflater_;
  ReadResult result_;
  std::uint64_t first_damage_ = UINT64_MAX;
  bool header_damaged_ = false;
  bool ended_ = false;  ///< the last known chunk is an End
};

ReadResult LogReader::run() {
  if (read_file_header()) read_chunks();
  return std::move(result_);
}

/// False if there is nothing behind it to read; then the result says why.
bool LogReader::read_file_header() {
  FileHeader header;
  const std::size_t seen = std::min(file_.size(), sizeof header);
  if (seen > 0) std::memcpy(&header, file_.data(), seen);
  if (std::memcmp(header.magic, kFileMagic, std::min(seen, sizeof kFileMagic)) != 0) {
    refuse(
        "not a fibshim log; give a capture directory that `fib record` made, or a log.fib in it");
    return false;
  }
  if (seen < sizeof header) {
    result_.status = ReadStatus::Truncated;
    refuse(
        "cut off inside its header, nothing was recorded; the process was killed at its start "
        "or the disk is full");
    return false;
  }
  check_file_header(header);
  return result_.message.empty();
}

void LogReader::check_file_header(const FileHeader& header) {
  result_.version = header.version;
  result_.start_unix_ns = header.start_unix_ns;
  header_damaged_ = header.checksum != file_checksum(header);
  if (header.endian == static_cast<std::uint16_t>(kEndianMark << 8 | kEndianMark >> 8)) {
    refuse("recorded on a machine of the other byte order; read it on such a machine");
  } else if (header.version > kFormatVersion) {
    refuse("of format version " + std::to_string(header.version) + ", this build reads up to " +
           std::to_string(kFormatVersion) + "; use the fib that recorded it, or a newer one");
  } else if (header.version == 0 || header.endian != kEndianMark) {
    refuse("its file header is damaged; record again");
  }
}

void LogReader::read_chunks() {
  if (header_damaged_) note_damage(0);
  // All versions so far have a header of this size, so the field is not needed to find the chunks.
  ChunkScanner scanner(file_, sizeof(FileHeader));
  ChunkView chunk;
  while (scanner.next(chunk)) read_chunk(chunk);
  conclude(scanner);
}

void LogReader::read_chunk(const ChunkView& chunk) {
  ++result_.chunks;
  const auto type = static_cast<ChunkType>(chunk.header.type);
  if (type != ChunkType::Records && type != ChunkType::Definitions && type != ChunkType::End) {
    ++result_.unknown_chunks;
    return;
  }
  ended_ = false;
  Bytes payload;
  const InflateStatus inflated = inflater_.inflate(chunk, payload);
  if (inflated == InflateStatus::Unknown) {
    ++result_.unknown_chunks;
    return;
  }
  bool sound = inflated == InflateStatus::Done;
  if (sound) {
    result_.raw_bytes += payload.size();
    sound = type == ChunkType::End ? read_end(payload) : read_records(payload);
  }
  if (!sound) {
    ++result_.damaged_chunks;
    --result_.chunks;
    note_damage(chunk.offset);
  }
}

bool LogReader::read_end(Bytes payload) {
  EndPayload end;
  if (payload.size() < sizeof end) return false;
  std::memcpy(&end, payload.data(), sizeof end);
  ended_ = true;
  consumer_.end(end);
  return true;
}

/// A record with impossible contents is skipped; one with an impossible length ends the chunk.
bool LogReader::read_records(Bytes payload) {
  RecordsPrefix prefix;
  if (payload.size() < sizeof prefix) return false;
  std::memcpy(&prefix, payload.data(), sizeof prefix);
  payload = payload.subspan(sizeof prefix);
  bool sound = true;
  while (!payload.empty()) {
    RecordHeader header;
    if (payload.size() < sizeof header) return false;
    std::memcpy(&header, payload.data(), sizeof header);
    if (header.bytes < sizeof header || header.bytes % 8 != 0 || header.bytes > payload.size()) {
      return false;
    }
    const DecodeStatus status = consumer_.record(prefix.thread, payload.first(header.bytes));
    if (status == DecodeStatus::Delivered) ++result_.records;
    if (status == DecodeStatus::Unknown) ++result_.unknown_records;
    if (status == DecodeStatus::Malformed) sound = false;
    payload = payload.subspan(header.bytes);
  }
  return sound;
}

void LogReader::note_damage(std::uint64_t offset) {
  first_damage_ = std::min(first_damage_, offset);
}

void LogReader::conclude(const ChunkScanner& scanner) {
  result_.damaged_chunks += scanner.damaged();
  if (scanner.damaged() > 0) note_damage(scanner.first_damage());
  result_.good_bytes = scanner.good_end();
  result_.next_sequence = scanner.next_sequence();
  const std::string good_end = std::to_string(scanner.good_end());
  if (first_damage_ != UINT64_MAX) {
    result_.status = ReadStatus::Damaged;
    result_.message = damage_message(scanner.truncated());
  } else if (scanner.truncated()) {
    result_.status = ReadStatus::Truncated;
    result_.message = name_ + ": cut off in the chunk at byte " + good_end +
                      "; everything before was read (the process was killed, or the disk is full)";
  } else if (!ended_) {
    result_.status = ReadStatus::Unclosed;
    result_.message = name_ + ": never closed, the process was killed or still runs; all " +
                      good_end + " bytes were read";
  } else {
    result_.status = ReadStatus::Complete;
  }
}

std::string LogReader::damage_message(bool truncated) const {
  const std::uint64_t chunks = result_.damaged_chunks;
  std::string text = name_ + ": " + std::to_string(chunks) +
                     (chunks == 1 ? " damaged chunk" : " damaged chunks") +
                     ", the first damage at byte " + std::to_string(first_damage_);
  if (header_damaged_) text += " (the file header)";
  if (truncated) text += ", and cut off at the end";
  return text +
         "; what they held is missing; copy the file again from where it was recorded, or "
         "record again";
}

}  // namespace

ReadResult read_log(Bytes bytes, const std::string& name, Visitor& visitor) {
  DecodingConsumer consumer(visitor);
  return LogReader(bytes, name, consumer).run();
}

ReadResult read_raw_log(Bytes bytes, const std::string& name, RawVisitor& visitor) {
  RawConsumer consumer(visitor);
  return LogReader(bytes, name, consumer).run();
}

}  // namespace fib::trace
