// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "trace/chunk_encoder.h"
#include "trace/page_file.h"

namespace fib::trace {
namespace {

/// Large enough to compress well, small enough to inflate for the sake of one page.
constexpr std::size_t kGatherBytes = 1u << 20;

}  // namespace

struct PageFileWriter::State {
  State(std::unique_ptr<Sink> to, int level) noexcept : sink(std::move(to)), encoder(level) {}

  void start(std::uint64_t start_unix_ns) noexcept;
  int gather(const Hash& hash, std::span<const std::byte> content) noexcept;
  int flush() noexcept;
  int encode() noexcept;

  std::unique_ptr<Sink> sink;
  ChunkEncoder encoder;
  RecordBuffer index;   ///< PageEntry of each gathered page
  RecordBuffer pages;   ///< their contents
  RecordBuffer chunks;  ///< a whole pair, so that the sink gets both or neither
  std::uint64_t sequence = 0;
  std::uint64_t bytes = 0;
  int error = 0;
};

void PageFileWriter::State::start(std::uint64_t start_unix_ns) noexcept {
  if (!sink) {
    error = EBADF;
  } else if (!encoder.ready()) {
    error = ENOMEM;
  } else {
    const FileHeader header = file_header(kPageFileMagic, start_unix_ns);
    error = sink->append(std::as_bytes(std::span(&header, 1)));
    if (error == 0) bytes = sizeof header;
  }
}

int PageFileWriter::State::gather(const Hash& hash, std::span<const std::byte> content) noexcept {
  if (content.empty() || content.size() > kPageBytes) return error = EINVAL;
  PageEntry entry{};
  std::ranges::copy(hash, entry.hash);
  entry.bytes = static_cast<std::uint32_t>(content.size());
  if (!index.append(&entry, sizeof entry) || !pages.append(content.data(), content.size()) ||
      !pages.pad()) {
    return error = ENOMEM;
  }
  return pages.size() < kGatherBytes ? 0 : flush();
}

int PageFileWriter::State::flush() noexcept {
  if (error != 0 || index.empty()) return error;
  error = encode();
  if (error == 0) error = sink->append(chunks.bytes());
  if (error != 0) return error;
  sequence += 2;
  bytes += chunks.size();
  index.clear();
  pages.clear();
  return 0;
}

int PageFileWriter::State::encode() noexcept {
  chunks.clear();
  const int failed = encoder.append(chunks, ChunkType::PageIndex, sequence, {index.bytes()}, false);
  if (failed != 0) return failed;
  const bool compress = encoder.shrinks(pages.bytes());
  return encoder.append(chunks, ChunkType::Pages, sequence + 1, {pages.bytes()}, compress);
}

PageFileWriter::PageFileWriter(std::unique_ptr<Sink> sink, std::uint64_t start_unix_ns,
                               int level) noexcept
    : state_(new (std::nothrow) State(std::move(sink), level)) {
  if (state_) state_->start(start_unix_ns);
}

PageFileWriter::~PageFileWriter() {
  if (state_) (void)state_->flush();
}

int PageFileWriter::add(const Hash& hash, std::span<const std::byte> content) noexcept {
  if (error() != 0) return error();
  return state_->gather(hash, content);
}

int PageFileWriter::flush() noexcept { return state_ ? state_->flush() : ENOMEM; }

int PageFileWriter::error() const noexcept { return state_ ? state_->error : ENOMEM; }

std::uint64_t PageFileWriter::bytes_written() const noexcept { return state_ ? state_->bytes : 0; }

}  // namespace fib::trace
