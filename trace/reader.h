// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "trace/records.h"

namespace fib::trace {

/// Receives the records of a log in file order. `thread` is the index of the thread that made it
/// (kDefinitionsThread for definitions). Defaults ignore everything, so override what you need.
/// Definitions may come after records that refer to them: another thread's chunk can be written
/// first.
class Visitor {
 public:
  virtual ~Visitor() = default;
  virtual void on_process(const Process&) {}
  virtual void on_clock(const Clock&) {}
  virtual void on_api(const Api&) {}
  virtual void on_device(const Device&) {}
  virtual void on_context(const Context&) {}
  virtual void on_load(const Load&) {}
  virtual void on_image(const Image&) {}
  virtual void on_kernel(const Kernel&) {}
  virtual void on_graph(const Graph&) {}
  virtual void on_graph_update(const GraphUpdate&) {}
  virtual void on_thread(const Thread&) {}
  virtual void on_deviation(const DeviationNote&) {}
  virtual void on_drops(const Drops&) {}
  virtual void on_launch(std::uint32_t thread, const Launch&) { (void)thread; }
  virtual void on_graph_launch(std::uint32_t thread, const GraphLaunch&) { (void)thread; }
  virtual void on_call(std::uint32_t thread, const Call&) { (void)thread; }
  virtual void on_window(const Window&) {}
  virtual void on_region(const Region&) {}
  virtual void on_page_hashes(const PageHashes&) {}
  virtual void on_stream(const Stream&) {}
  virtual void on_payload(std::uint32_t thread, const Payload&) { (void)thread; }
  virtual void on_point(std::uint32_t thread, const Point&) { (void)thread; }
  virtual void on_end(const EndPayload&) {}
};

/// Receives the records of a log as they are, in file order.
class RawVisitor {
 public:
  virtual ~RawVisitor() = default;
  /// One whole record, its header included; nothing but its length was checked (see Decoder).
  virtual void on_record(std::uint32_t thread, Bytes record) = 0;
  virtual void on_end(const EndPayload&) {}
};

enum class ReadStatus {
  Complete,   ///< ends with an End chunk
  Unclosed,   ///< whole to the last byte, but never closed: the process was killed, or still runs
  Truncated,  ///< the tail is cut; everything before it was delivered
  Damaged,    ///< parts with wrong checksums or impossible contents were skipped
  Refused,    ///< not a log, or of a newer format; nothing was delivered
};

struct ReadResult {
  ReadStatus status = ReadStatus::Refused;
  std::string message;  ///< one line: the file, what is wrong, what to do; empty if Complete
  std::uint16_t version = 0;
  std::uint64_t start_unix_ns = 0;
  std::uint64_t chunks = 0;           ///< undamaged ones, of any type
  std::uint64_t damaged_chunks = 0;   ///< skipped, missing, or with impossible records in them
  std::uint64_t unknown_chunks = 0;   ///< of a type or encoding newer than this build; skipped
  std::uint64_t records = 0;          ///< delivered
  std::uint64_t unknown_records = 0;  ///< of a type newer than this build; skipped
  std::uint64_t file_bytes = 0, raw_bytes = 0;
  std::uint64_t good_bytes = 0;     ///< up to the end of the last undamaged chunk
  std::uint64_t next_sequence = 0;  ///< ChunkHeader::sequence of a chunk appended there
};

/// Reads a whole log from memory. Never throws on bad input; work is linear in the input's size.
/// `name` stands in messages. Exceptions of the visitor pass through.
[[nodiscard]] ReadResult read_log(Bytes bytes, const std::string& name, Visitor& visitor);

/// The same without decoding: records that are impossible inside don't count as damage.
[[nodiscard]] ReadResult read_raw_log(Bytes bytes, const std::string& name, RawVisitor& visitor);

/// Maps `path` and reads it; an unreadable file is Refused with the reason.
[[nodiscard]] ReadResult read_log_file(const std::filesystem::path& path, Visitor& visitor);
[[nodiscard]] ReadResult read_raw_log_file(const std::filesystem::path& path, RawVisitor& visitor);

}  // namespace fib::trace
