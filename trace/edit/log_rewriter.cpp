// SPDX-License-Identifier: Apache-2.0
#include "trace/edit/log_rewriter.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "trace/capture.h"

namespace fib::trace {
namespace {

constexpr std::size_t kChunkBytes = 1u << 20;
/// Of all threads together, however many there are.
constexpr std::size_t kPendingBytes = 64u << 20;
constexpr int kLevel = 3;

bool is_launch(const RecordHeader& header) {
  return header.type == static_cast<std::uint16_t>(RecordType::Launch) ||
         header.type == static_cast<std::uint16_t>(RecordType::GraphLaunch);
}

std::unique_ptr<Sink> create(const std::filesystem::path& path) {
  int error = 0;
  std::unique_ptr<Sink> sink = open_file_sink(path.c_str(), error);
  if (sink) return sink;
  throw CaptureError(path.string() + ": can't be created (" +
                     std::generic_category().message(error) + "); choose another directory");
}

}  // namespace

LogRewriter::LogRewriter(std::filesystem::path path, std::uint64_t start_unix_ns)
    : path_(std::move(path)),
      writer_(std::make_unique<ChunkWriter>(create(path_), start_unix_ns, kLevel)) {
  check(writer_->error());
}

void LogRewriter::check(int error) const {
  if (error == 0) return;
  throw CaptureError(path_.string() + ": can't be written (" +
                     std::generic_category().message(error) + "); make room and try again");
}

RecordBuffer& LogRewriter::buffer(std::uint32_t thread) {
  RecordBuffer& records = pending_[thread];
  const RecordsPrefix prefix{thread, 0};
  if (records.empty() && !records.append(&prefix, sizeof prefix)) check(ENOMEM);
  return records;
}

void LogRewriter::add(std::uint32_t thread, Bytes record) {
  if (!buffer(thread).append(record.data(), record.size())) check(ENOMEM);
  RecordHeader header;
  std::memcpy(&header, record.data(), sizeof header);
  if (thread != kDefinitionsThread) {
    ++records_;
    launches_ += is_launch(header);
  }
  pending_bytes_ += record.size();
  added(thread);
}

void LogRewriter::added(std::uint32_t thread) {
  RecordBuffer& records = pending_[thread];
  if (records.size() >= kChunkBytes) write(thread, records);
  if (pending_bytes_ >= kPendingBytes) flush();
}

void LogRewriter::write(std::uint32_t thread, RecordBuffer& records) {
  const bool definitions = thread == kDefinitionsThread;
  check(
      writer_->write(definitions ? ChunkType::Definitions : ChunkType::Records, {records.bytes()}));
  pending_bytes_ -= std::min(pending_bytes_, records.size());
  records.clear();
}

void LogRewriter::flush() {
  // Definitions first: other records refer to them.
  if (const auto found = pending_.find(kDefinitionsThread); found != pending_.end()) {
    if (!found->second.empty()) write(found->first, found->second);
  }
  for (auto& [thread, records] : pending_) {
    if (!records.empty()) write(thread, records);
  }
  pending_.clear();
  pending_bytes_ = 0;
}

void LogRewriter::end(const EndPayload& dropped) {
  flush();
  const EndPayload end{records_, launches_, dropped.dropped_records, dropped.dropped_launches};
  check(writer_->write(ChunkType::End, {std::as_bytes(std::span(&end, 1))}));
}

}  // namespace fib::trace
