// SPDX-License-Identifier: Apache-2.0
#include "trace/writer.h"

#include <cerrno>
#include <new>
#include <utility>

#include "trace/chunk_encoder.h"

namespace fib::trace {

struct ChunkWriter::State {
  explicit State(int level) noexcept : encoder(level) {}

  ChunkEncoder encoder;
  RecordBuffer buffer;  ///< one whole chunk, so that it reaches the sink in one append
};

ChunkWriter::ChunkWriter(std::unique_ptr<Sink> sink, std::uint64_t start_unix_ns,
                         int level) noexcept
    : sink_(std::move(sink)), state_(new (std::nothrow) State(level)) {
  if (!sink_) {
    error_ = EBADF;
  } else if (!state_ || !state_->encoder.ready()) {
    error_ = ENOMEM;
  } else {
    const FileHeader header = file_header(kFileMagic, start_unix_ns);
    error_ = sink_->append(std::as_bytes(std::span(&header, 1)));
    if (error_ == 0) bytes_ = sizeof header;
  }
}

ChunkWriter::~ChunkWriter() = default;

int ChunkWriter::write(ChunkType type, Parts parts) noexcept {
  if (error_ != 0) return error_;
  RecordBuffer& chunk = state_->buffer;
  chunk.clear();
  if (const int error = state_->encoder.append(chunk, type, sequence_, parts); error != 0)
    return error;
  error_ = sink_->append(chunk.bytes());
  if (error_ != 0) return error_;
  ++sequence_;
  bytes_ += chunk.size();
  return 0;
}

}  // namespace fib::trace
