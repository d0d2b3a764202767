// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

namespace fib::dispatch {

/// Which units of a context's scratch memory are in use: runs of them are given out and taken back
/// by any thread, without a lock.
class ScratchUnits {
 public:
  static constexpr unsigned kUnits = 64;
  static constexpr unsigned kNone = kUnits;

  /// The first unit of a run of `count` that now belongs to the caller, or kNone.
  [[nodiscard]] unsigned claim(unsigned count) noexcept {
    if (count == 0 || count > kUnits) return kNone;
    std::uint64_t used = used_.load(std::memory_order_relaxed);
    for (;;) {
      const unsigned first = find(~used, count);
      if (first == kNone) return kNone;
      // Acquire: what the last owner did with the memory is over.
      if (used_.compare_exchange_weak(used, used | mask(first, count), std::memory_order_acquire,
                                      std::memory_order_relaxed))
        return first;
    }
  }
  void release(unsigned first, unsigned count) noexcept {
    used_.fetch_and(~mask(first, count), std::memory_order_release);
  }
  [[nodiscard]] bool all_free() const noexcept {
    return used_.load(std::memory_order_relaxed) == 0;
  }

 private:
  static constexpr std::uint64_t mask(unsigned first, unsigned count) noexcept {
    return (count == kUnits ? ~0ull : (1ull << count) - 1) << first;
  }
  /// Bit i of `free` survives if the `count` bits from i on are set.
  static constexpr unsigned find(std::uint64_t free, unsigned count) noexcept {
    for (unsigned have = 1; have < count && free != 0;) {
      const unsigned more = have < count - have ? have : count - have;
      free &= free >> more;
      have += more;
    }
    return free == 0 ? kNone : static_cast<unsigned>(std::countr_zero(free));
  }

  std::atomic<std::uint64_t> used_{0};
};

}  // namespace fib::dispatch
