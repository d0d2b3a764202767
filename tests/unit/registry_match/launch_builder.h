// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <vector>

#include "registry/match/launch_view.h"

namespace fib::match::testing {

/// A launch whose parameters are added one by one, aligned as a compiler does.
class LaunchBuilder {
 public:
  LaunchBuilder& set(Geometry term, std::uint32_t value) {
    view_.geometry[static_cast<std::size_t>(term)] = value;
    return *this;
  }
  LaunchBuilder& grid(std::uint32_t x, std::uint32_t y = 1, std::uint32_t z = 1) {
    return set(Geometry::GridX, x).set(Geometry::GridY, y).set(Geometry::GridZ, z);
  }
  LaunchBuilder& block(std::uint32_t x, std::uint32_t y = 1, std::uint32_t z = 1) {
    return set(Geometry::BlockX, x).set(Geometry::BlockY, y).set(Geometry::BlockZ, z);
  }
  template <typename T>
  LaunchBuilder& param(const T& value) {
    const auto size = static_cast<std::uint32_t>(sizeof value);
    const std::uint32_t alignment = size >= 8 ? 8 : size;
    const auto end = static_cast<std::uint32_t>(buffer_.size());
    const std::uint32_t offset = (end + alignment - 1) / alignment * alignment;
    buffer_.resize(offset + size);
    std::memcpy(buffer_.data() + offset, &value, size);
    layout_.push_back({offset, size});
    std::vector<std::byte>& own = values_.emplace_back(size);
    std::memcpy(own.data(), &value, size);
    pointers_.push_back(own.data());
    return *this;
  }

  [[nodiscard]] const std::vector<ParamSlot>& layout() const { return layout_; }
  /// Parameters one by one; valid until the builder changes.
  [[nodiscard]] LaunchView view() const {
    LaunchView view = view_;
    view.params = pointers_.data();
    view.layout = layout_.data();
    view.param_count = static_cast<std::uint32_t>(layout_.size());
    return view;
  }
  /// The same launch with its parameters in one buffer.
  [[nodiscard]] LaunchView packed() const {
    LaunchView packed = view();
    packed.params = nullptr;
    packed.buffer = buffer_.data();
    packed.buffer_bytes = buffer_.size();
    return packed;
  }

 private:
  LaunchView view_;
  std::vector<ParamSlot> layout_;
  std::vector<std::byte> buffer_;
  std::deque<std::vector<std::byte>> values_;
  std::vector<void*> pointers_;
};

}  // namespace fib::match::testing
