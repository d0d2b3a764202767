// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include "trace/records.h"

namespace fib::recorder {

/// Which pages this process has stored: 16 bytes for each, in one open table, since there may be
/// millions. Not thread-safe.
class PageSet {
 public:
  /// True if it was not there; it is now. Throws std::bad_alloc.
  bool insert(const trace::Hash& hash) {
    if ((used_ + 1) * 3 > slots_.size() * 2) grow();
    return place(hash);
  }
  [[nodiscard]] bool contains(const trace::Hash& hash) const noexcept {
    if (hash == trace::Hash{}) return has_zero_;
    if (slots_.empty()) return false;
    std::size_t i = start(hash) & mask();
    while (slots_[i] != trace::Hash{} && slots_[i] != hash) i = (i + 1) & mask();
    return slots_[i] == hash;
  }
  [[nodiscard]] std::size_t size() const noexcept { return used_ + (has_zero_ ? 1u : 0u); }

 private:
  bool place(const trace::Hash& hash) noexcept {
    if (hash == trace::Hash{}) return !std::exchange(has_zero_, true);
    for (std::size_t i = start(hash) & mask();; i = (i + 1) & mask()) {
      if (slots_[i] == hash) return false;
      if (slots_[i] != trace::Hash{}) continue;
      slots_[i] = hash;
      ++used_;
      return true;
    }
  }
  void grow() {
    std::vector<trace::Hash> old(slots_.empty() ? 1024 : slots_.size() * 2);
    old.swap(slots_);
    used_ = 0;
    for (const trace::Hash& hash : old)
      if (hash != trace::Hash{}) (void)place(hash);
  }
  static std::size_t start(const trace::Hash& hash) noexcept {
    std::size_t bits = 0;
    std::memcpy(&bits, hash.data(), sizeof bits);
    return bits;
  }
  [[nodiscard]] std::size_t mask() const noexcept { return slots_.size() - 1; }

  std::vector<trace::Hash> slots_;  ///< all zeros: empty
  std::size_t used_ = 0;
  bool has_zero_ = false;
};

}  // namespace fib::recorder
