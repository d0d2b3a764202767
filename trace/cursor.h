// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <vector>

#include "trace/records.h"

namespace fib::trace {

/// Walks over one record and never leaves it. Every read tells whether there was enough; after a
/// failed one the cursor must not be used. Starts must be 8-aligned within the record.
class Cursor {
 public:
  explicit Cursor(Bytes bytes) : rest_(bytes), whole_(bytes.size()) {}

  [[nodiscard]] std::size_t remaining() const { return rest_.size(); }

  template <typename T>
  [[nodiscard]] bool pod(T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (rest_.size() < sizeof(T)) return false;
    std::memcpy(&value, rest_.data(), sizeof(T));
    rest_ = rest_.subspan(sizeof(T));
    return true;
  }

  /// The count is checked before anything is allocated.
  template <typename T>
  [[nodiscard]] bool array(std::vector<T>& values, std::uint32_t count) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (count > rest_.size() / sizeof(T)) return false;
    values.resize(count);
    if (count > 0) std::memcpy(values.data(), rest_.data(), count * sizeof(T));
    rest_ = rest_.subspan(count * sizeof(T));
    return true;
  }

  [[nodiscard]] bool bytes(Bytes& value, std::uint32_t size) {
    if (rest_.size() < size) return false;
    value = rest_.first(size);
    rest_ = rest_.subspan(size);
    return true;
  }

  [[nodiscard]] bool text(std::string_view& value, std::uint32_t size) {
    Bytes raw;
    if (!bytes(raw, size)) return false;
    value = {reinterpret_cast<const char*>(raw.data()), raw.size()};
    return true;
  }

  /// Moves on to the next multiple of 8 from where the cursor started.
  [[nodiscard]] bool align() {
    const std::size_t gap = (8 - (whole_ - rest_.size()) % 8) % 8;
    if (rest_.size() < gap) return false;
    rest_ = rest_.subspan(gap);
    return true;
  }

 private:
  Bytes rest_;
  std::size_t whole_;
};

}  // namespace fib::trace
