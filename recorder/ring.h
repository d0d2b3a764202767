// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace fib::recorder {

/// Bytes from one producer thread to one consumer thread, without locks. Positions count bytes for
/// ever; `position & mask` is the place in memory. A record never wraps: when it does not fit
/// before the end of the memory, the rest is skipped, and `wrap_` tells the consumer where the
/// valid bytes end. The producer never waits: no room means no record.
class Ring {
 public:
  /// `memory` has `bytes` bytes, a power of two, and outlives the ring.
  Ring(std::byte* memory, std::size_t bytes) noexcept
      : memory_(memory), size_(bytes), mask_(bytes - 1) {}

  // ---- producer ---------------------------------------------------------------------------------

  /// Room for `bytes` (a multiple of 8), or null. Valid until commit(); reserving again forgets it.
  std::byte* reserve(std::size_t bytes) noexcept {
    std::uint64_t at = head_;
    const std::size_t offset = at & mask_;
    if (offset + bytes > size_)
      at += size_ - offset;
    else if (offset >= kShortLap && at >= look_again_) [[unlikely]]
      at = shorten_lap(at, offset, bytes);
    if (at + bytes - tail_seen_ > size_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (at + bytes - tail_seen_ > size_) return nullptr;
    }
    reserved_ = at;
    return memory_ + (at & mask_);
  }

  /// Makes the first `bytes` of the last reservation visible to the consumer.
  void commit(std::size_t bytes) noexcept {
    // Safe to overwrite: the consumer has left the previous wrap behind, or there was no room.
    if (reserved_ != head_) wrap_.store(head_, std::memory_order_relaxed);
    head_ = reserved_ + bytes;
    published_.store(head_, std::memory_order_release);
  }

  /// Starts fetching the lines for a next record of about `bytes`: the ring is larger than the
  /// caches, and the driver's own call leaves time enough.
  void prefetch_next(std::size_t bytes) const noexcept {
    constexpr std::size_t kLine = 64, kMost = 2048;
    const std::size_t ahead = bytes < kMost ? bytes : kMost;
    for (std::size_t i = 0; i <= ahead; i += kLine)
      __builtin_prefetch(memory_ + ((head_ + i) & mask_), 1);
  }

  // ---- consumer ---------------------------------------------------------------------------------

  struct Pending {
    std::span<const std::byte> first, second;
    std::uint64_t end = 0;
    [[nodiscard]] std::size_t bytes() const noexcept { return first.size() + second.size(); }
  };

  [[nodiscard]] Pending pending() const noexcept {
    const std::uint64_t head = published_.load(std::memory_order_acquire);
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    const std::uint64_t lap_end = (tail | mask_) + 1;
    if (head <= lap_end) return {span(tail, head), {}, head};
    // The lap ended early, at wrap_, unless its last record fitted exactly: then wrap_ is an older
    // one.
    const std::uint64_t wrap = wrap_.load(std::memory_order_relaxed);
    const bool early = wrap >= tail && wrap < lap_end;
    return {span(tail, early ? wrap : lap_end), span(lap_end, head), head};
  }

  void release(const Pending& consumed) noexcept {
    tail_.store(consumed.end, std::memory_order_release);
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  [[nodiscard]] std::span<const std::byte> span(std::uint64_t from,
                                                std::uint64_t to) const noexcept {
    return {memory_ + (from & mask_), static_cast<std::size_t>(to - from)};
  }

  /// While the consumer keeps up, the front of the memory is used over and over: it stays in the
  /// cache, and the engine's data too. The rest is there for bursts.
  std::uint64_t shorten_lap(std::uint64_t at, std::size_t offset, std::size_t bytes) noexcept {
    look_again_ = at + kShortLap / 4;
    tail_seen_ = tail_.load(std::memory_order_acquire);
    return tail_seen_ == head_ && bytes <= offset ? at + size_ - offset : at;
  }

  static constexpr std::size_t kShortLap = 256 * 1024;
  static constexpr std::uint64_t kNoWrap = ~std::uint64_t{0};

  // Producer's line: private copies, so that a launch touches no line that the consumer writes.
  alignas(64) std::byte* memory_;
  std::size_t size_, mask_;
  std::uint64_t head_ = 0, reserved_ = 0, tail_seen_ = 0, look_again_ = 0;
  alignas(64) std::atomic<std::uint64_t> published_{0};
  std::atomic<std::uint64_t> wrap_{kNoWrap};
  alignas(64) std::atomic<std::uint64_t> tail_{0};
};

}  // namespace fib::recorder
