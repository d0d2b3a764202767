// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace fib::sim {

/// Live objects of one kind by handle. A handle is the address of a slot in an arena, is validated
/// by look-up and never dereferenced; the slot freed last is given out first, so that stale handles
/// (ABA) show up quickly. Guarded by the driver lock.
template <class T, class Handle>
class HandleTable {
 public:
  Handle insert(std::shared_ptr<T> object) {
    if (free_.empty()) grow();
    void* slot = free_.back();
    free_.pop_back();
    live_.emplace(slot, std::move(object));
    return static_cast<Handle>(slot);
  }

  /// Null if the handle is not live.
  std::shared_ptr<T> find(Handle handle) const {
    const auto it = live_.find(slot_of(handle));
    return it == live_.end() ? nullptr : it->second;
  }

  bool erase(Handle handle) {
    const auto it = live_.find(slot_of(handle));
    if (it == live_.end()) return false;
    // The object may own further handles of this table: let it go after the table is consistent.
    const std::shared_ptr<T> doomed = std::move(it->second);
    free_.push_back(it->first);
    live_.erase(it);
    return true;
  }

  const std::unordered_map<void*, std::shared_ptr<T>>& live() const { return live_; }

 private:
  static constexpr std::size_t kSlotBytes = 64;
  static constexpr std::size_t kSlotsPerChunk = 64;

  static void* slot_of(Handle handle) {
    return const_cast<void*>(static_cast<const void*>(handle));
  }

  void grow() {
    chunks_.push_back(std::make_unique<char[]>(kSlotBytes * kSlotsPerChunk));
    char* base = chunks_.back().get();
    for (std::size_t i = kSlotsPerChunk; i-- > 0;) free_.push_back(base + i * kSlotBytes);
  }

  std::vector<std::unique_ptr<char[]>> chunks_;
  std::vector<void*> free_;
  std::unordered_map<void*, std::shared_ptr<T>> live_;
};

}  // namespace fib::sim
