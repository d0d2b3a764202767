// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <initializer_list>

#include "test_sinks.h"
#include "tests/golden/golden_capture.h"
#include "trace/checksum.h"
#include "trace/reader.h"
#include "trace/record_buffer.h"
#include "trace/writer.h"

namespace fib::trace::testing {

inline void append(ByteVector& bytes, std::span<const std::byte> more) {
  const std::size_t end = bytes.size();
  bytes.resize(end + more.size());
  if (!more.empty()) std::memcpy(bytes.data() + end, more.data(), more.size());
}

template <typename T>
std::span<const std::byte> octets_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

/// A log made byte by byte, for chunks that no ChunkWriter would make. Checksums are right unless a
/// test spoils them afterwards.
class LogBuilder {
 public:
  LogBuilder() {
    FileHeader header{{}, kFormatVersion, kEndianMark, sizeof(FileHeader), 77, 0};
    std::memcpy(header.magic, kFileMagic, sizeof header.magic);
    add_file_header(header);
  }
  void add_file_header(FileHeader header) {
    header.checksum = file_checksum(header);
    bytes.clear();
    append(bytes, octets_of(header));
  }
  LogBuilder& chunk(ChunkHeader header, std::span<const std::byte> stored) {
    header.magic = kChunkMagic;
    header.stored_bytes = static_cast<std::uint32_t>(stored.size());
    header.checksum = chunk_checksum(header, stored);
    append(bytes, octets_of(header));
    append(bytes, stored);
    return *this;
  }
  /// Uncompressed, with the next number.
  LogBuilder& chunk(std::uint16_t type, std::span<const std::byte> stored) {
    ChunkHeader header{};
    header.type = type;
    header.raw_bytes = static_cast<std::uint32_t>(stored.size());
    header.sequence = sequence++;
    return chunk(header, stored);
  }
  LogBuilder& chunk(ChunkType type, std::span<const std::byte> stored) {
    return chunk(static_cast<std::uint16_t>(type), stored);
  }
  /// `records` behind a prefix for thread 0.
  LogBuilder& records(std::span<const std::byte> records) {
    ByteVector payload;
    append(payload, octets_of(RecordsPrefix{}));
    append(payload, records);
    return chunk(ChunkType::Records, payload);
  }
  LogBuilder& end() { return chunk(ChunkType::End, octets_of(EndPayload{})); }

  ByteVector bytes;
  std::uint64_t sequence = 0;
};

inline ByteVector golden_bytes(std::size_t index) {
  ByteVector bytes;
  const auto logs = golden_logs();
  if (!write_golden_log(logs.at(index), std::make_unique<MemorySink>(bytes))) bytes.clear();
  return bytes;
}

/// Counts what it is given.
struct CountingVisitor : Visitor {
  std::size_t launches = 0, graph_launches = 0, calls = 0, ends = 0, definitions = 0;
  void on_launch(std::uint32_t, const Launch&) override { ++launches; }
  void on_graph_launch(std::uint32_t, const GraphLaunch&) override { ++graph_launches; }
  void on_call(std::uint32_t, const Call&) override { ++calls; }
  void on_end(const EndPayload&) override { ++ends; }
  void on_process(const Process&) override { ++definitions; }
  void on_clock(const Clock&) override { ++definitions; }
  void on_api(const Api&) override { ++definitions; }
  void on_device(const Device&) override { ++definitions; }
  void on_context(const Context&) override { ++definitions; }
  void on_load(const Load&) override { ++definitions; }
  void on_image(const Image&) override { ++definitions; }
  void on_kernel(const Kernel&) override { ++definitions; }
  void on_graph(const Graph&) override { ++definitions; }
  void on_graph_update(const GraphUpdate&) override { ++definitions; }
  void on_thread(const Thread&) override { ++definitions; }
  void on_deviation(const DeviationNote&) override { ++definitions; }
  void on_drops(const Drops&) override { ++definitions; }
  void on_window(const Window&) override { ++definitions; }
  void on_region(const Region&) override { ++definitions; }
  void on_page_hashes(const PageHashes&) override { ++definitions; }
  void on_stream(const Stream&) override { ++definitions; }
  void on_payload(std::uint32_t, const Payload&) override { ++calls; }
  void on_point(std::uint32_t, const Point&) override { ++calls; }
  [[nodiscard]] std::size_t all() const { return launches + graph_launches + calls + definitions; }
};

}  // namespace fib::trace::testing
