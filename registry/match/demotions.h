// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace fib::match {

/// Which candidates of a table may no longer be used in this process: what changes while the table
/// does not. Any thread may do anything; a launch that is being decided may still see the old
/// state.
class Demotions {
 public:
  /// For a table of so many candidates; none is demoted.
  explicit Demotions(std::size_t candidates)
      : size_(candidates), flags_(std::make_unique<std::atomic<bool>[]>(candidates)) {}

  /// True if this call changed it: the first one says why.
  bool demote(std::size_t candidate) noexcept {
    return candidate < size_ && !flags_[candidate].exchange(true, std::memory_order_relaxed);
  }
  [[nodiscard]] bool is_demoted(std::size_t candidate) const noexcept {
    return flags_[candidate].load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  std::size_t size_;
  std::unique_ptr<std::atomic<bool>[]> flags_;
};

}  // namespace fib::match
