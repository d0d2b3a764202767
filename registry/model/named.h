// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fib::registry {

/// Values by name, in the order in which the file has them: that of inputs and outputs is the
/// signature of `run`.
template <typename Value>
class Named {
 public:
  using Entry = std::pair<std::string, Value>;

  Named() = default;
  Named(std::initializer_list<Entry> entries) : entries_(entries) {}

  void add(std::string name, Value value) {
    entries_.emplace_back(std::move(name), std::move(value));
  }
  /// The value of this name, or null.
  [[nodiscard]] const Value* find(std::string_view name) const {
    for (const Entry& entry : entries_) {
      if (entry.first == name) return &entry.second;
    }
    return nullptr;
  }
  [[nodiscard]] bool contains(std::string_view name) const { return find(name) != nullptr; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] auto begin() const { return entries_.begin(); }
  [[nodiscard]] auto end() const { return entries_.end(); }
  [[nodiscard]] auto begin() { return entries_.begin(); }
  [[nodiscard]] auto end() { return entries_.end(); }
  [[nodiscard]] const Entry& operator[](std::size_t index) const { return entries_[index]; }

 private:
  std::vector<Entry> entries_;
};

}  // namespace fib::registry
