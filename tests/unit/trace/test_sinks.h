// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <memory>
#include <vector>

#include "trace/sink.h"

namespace fib::trace::testing {

using ByteVector = std::vector<std::byte>;

/// Appends to a vector that outlives it.
class MemorySink : public Sink {
 public:
  explicit MemorySink(ByteVector& bytes) : bytes_(bytes) {}
  int append(std::span<const std::byte> bytes) noexcept override {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return 0;
  }

 private:
  ByteVector& bytes_;
};

/// A disk that holds `capacity` bytes: an append that does not fit leaves nothing behind.
class FailingSink : public Sink {
 public:
  FailingSink(ByteVector& bytes, std::size_t capacity, int error = ENOSPC)
      : bytes_(bytes), capacity_(capacity), error_(error) {}
  int append(std::span<const std::byte> bytes) noexcept override {
    if (bytes.size() > capacity_ - bytes_.size()) return error_;
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return 0;
  }

 private:
  ByteVector& bytes_;
  std::size_t capacity_;
  int error_;
};

}  // namespace fib::trace::testing
