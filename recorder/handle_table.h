// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace fib::recorder {

/// Driver handle -> T*. find() is for launches: no lock, no allocation. set() needs the caller's
/// mutex. Neither tables that were outgrown nor the T's are ever freed: a reader may still be
/// looking at them, and what would be saved is a few hundred bytes a kernel.
template <class T>
class HandleTable {
 public:
  [[nodiscard]] T* find(const void* handle) const noexcept {
    const Slots* slots = slots_.load(std::memory_order_acquire);
    if (slots == nullptr) return nullptr;
    const auto key = reinterpret_cast<std::uintptr_t>(handle);
    for (std::size_t i = first(key, *slots);; i = (i + 1) & slots->mask) {
      const std::uintptr_t found = slots->entries[i].key.load(std::memory_order_acquire);
      if (found == key) return slots->entries[i].value.load(std::memory_order_acquire);
      if (found == 0) return nullptr;  // at least a quarter is always empty
    }
  }

  /// `value` may be null: the handle then means nothing any more. Throws std::bad_alloc.
  void set(const void* handle, T* value) {
    if (slots_.load(std::memory_order_relaxed) == nullptr || used_ * 4 >= capacity_ * 3) grow();
    insert(*slots_.load(std::memory_order_relaxed), reinterpret_cast<std::uintptr_t>(handle),
           value);
  }

  /// Calls function(handle, value) for all that have a value. Needs the caller's mutex.
  template <class Function>
  void for_each(Function&& function) const {
    const Slots* slots = slots_.load(std::memory_order_relaxed);
    for (std::size_t i = 0; slots != nullptr && i <= slots->mask; ++i)
      if (T* value = slots->entries[i].value.load(std::memory_order_relaxed); value != nullptr)
        function(reinterpret_cast<const void*>(slots->entries[i].key.load()), value);
  }

 private:
  struct Entry {
    std::atomic<std::uintptr_t> key{0};
    std::atomic<T*> value{nullptr};
  };
  struct Slots {
    explicit Slots(std::size_t size) : mask(size - 1), entries(new Entry[size]) {}
    std::size_t mask;
    std::unique_ptr<Entry[]> entries;
  };

  static std::size_t first(std::uintptr_t key, const Slots& slots) noexcept {
    // Handles are aligned heap addresses: mix the upper bits down (Fibonacci hashing).
    return static_cast<std::size_t>((key * 0x9e3779b97f4a7c15ull) >> 20) & slots.mask;
  }

  void insert(Slots& slots, std::uintptr_t key, T* value) noexcept {
    for (std::size_t i = first(key, slots);; i = (i + 1) & slots.mask) {
      Entry& entry = slots.entries[i];
      const std::uintptr_t found = entry.key.load(std::memory_order_relaxed);
      if (found != 0 && found != key) continue;
      entry.value.store(value, std::memory_order_release);
      if (found == 0) {
        ++used_;
        entry.key.store(key, std::memory_order_release);  // after the value: readers look at keys
      }
      return;
    }
  }

  void grow() {
    const Slots* old = slots_.load(std::memory_order_relaxed);
    const std::size_t size = capacity_ == 0 ? 256 : capacity_ * 2;
    auto* bigger = new Slots(size);
    used_ = 0;
    for (std::size_t i = 0; old != nullptr && i <= old->mask; ++i)
      if (T* value = old->entries[i].value.load(std::memory_order_relaxed); value != nullptr)
        insert(*bigger, old->entries[i].key.load(std::memory_order_relaxed), value);
    capacity_ = size;
    slots_.store(bigger, std::memory_order_release);
  }

  std::atomic<Slots*> slots_{nullptr};
  std::size_t capacity_ = 0, used_ = 0;  // under the caller's mutex
};

}  // namespace fib::recorder
