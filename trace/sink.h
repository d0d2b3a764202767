// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace fib::trace {

/// Where a log's bytes go. Not thread-safe: one writer owns it. Never throws; a failed write leaves
/// the sink as long as it was before that write, so that what is there still reads back.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Appends all of `bytes`, or nothing and returns the errno.
  [[nodiscard]] virtual int append(std::span<const std::byte> bytes) noexcept = 0;
};

/// Appends to a file that it creates (never overwrites one). `error` is the errno, 0 on success.
[[nodiscard]] std::unique_ptr<Sink> open_file_sink(const char* path, int& error) noexcept;

}  // namespace fib::trace
