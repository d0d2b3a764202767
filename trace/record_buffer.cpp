// SPDX-License-Identifier: Apache-2.0
#include "trace/record_buffer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace fib::trace {
namespace {

constexpr std::size_t kFirstCapacity = 4096;

}  // namespace

RecordBuffer::~RecordBuffer() { std::free(data_); }

RecordBuffer::RecordBuffer(RecordBuffer&& other) noexcept : budget_(other.budget_) {
  *this = std::move(other);
}

RecordBuffer& RecordBuffer::operator=(RecordBuffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  std::swap(budget_, other.budget_);
  return *this;
}

bool RecordBuffer::reserve(std::size_t capacity) noexcept {
  if (capacity <= capacity_) return true;
  if (capacity > budget_) return false;
  auto* grown = static_cast<std::byte*>(std::realloc(data_, capacity));
  if (grown == nullptr) return false;
  data_ = grown;
  capacity_ = capacity;
  return true;
}

std::byte* RecordBuffer::extend(std::size_t bytes) noexcept {
  if (bytes > budget_ || size_ > budget_ - bytes) return nullptr;
  const std::size_t needed = size_ + bytes;
  if (needed > capacity_) {
    const std::size_t wanted = std::max({needed, capacity_ + capacity_ / 2, kFirstCapacity});
    // Near the end of memory the generous size may fail where the exact one still fits.
    if (!reserve(std::min(wanted, budget_)) && !reserve(needed)) return nullptr;
  }
  std::byte* start = data_ + size_;
  size_ = needed;
  return start;
}

bool RecordBuffer::append(const void* data, std::size_t bytes) noexcept {
  if (bytes == 0) return true;
  std::byte* start = extend(bytes);
  if (start == nullptr) return false;
  std::memcpy(start, data, bytes);
  return true;
}

bool RecordBuffer::pad() noexcept {
  static constexpr std::byte kZeros[8] = {};
  return append(kZeros, (8 - size_ % 8) % 8);
}

}  // namespace fib::trace
