// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fib::trace {

/// Bytes that grow up to a budget. Never throws: whatever does not fit, or cannot be allocated, is
/// refused and leaves the buffer as it was. Not thread-safe. Memory is kept over clear().
class RecordBuffer {
 public:
  explicit RecordBuffer(std::size_t budget = SIZE_MAX) noexcept : budget_(budget) {}
  ~RecordBuffer();
  RecordBuffer(const RecordBuffer&) = delete;
  RecordBuffer& operator=(const RecordBuffer&) = delete;
  RecordBuffer(RecordBuffer&& other) noexcept;
  RecordBuffer& operator=(RecordBuffer&& other) noexcept;

  /// Room for `capacity` bytes in all, so that appends up to there cannot fail.
  [[nodiscard]] bool reserve(std::size_t capacity) noexcept;
  /// Lengthens by `bytes` of undefined content and returns where they start; nullptr if refused.
  [[nodiscard]] std::byte* extend(std::size_t bytes) noexcept;
  [[nodiscard]] bool append(const void* data, std::size_t bytes) noexcept;
  /// Appends zeros up to the next multiple of 8.
  [[nodiscard]] bool pad() noexcept;
  /// Cuts back to `size`, which must not be larger than size().
  void truncate(std::size_t size) noexcept { size_ = size; }
  void clear() noexcept { size_ = 0; }

  [[nodiscard]] std::byte* data() noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::size_t budget() const noexcept { return budget_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  /// Valid until the next change of the buffer.
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::size_t budget_;
};

}  // namespace fib::trace
