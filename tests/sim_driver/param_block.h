// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "tests/sim_driver/image_abi.h"

namespace fib::sim {

/// Kernel parameter bytes, aligned to 64 as CUtensorMap needs it. A value type.
class ParamBlock {
 public:
  ParamBlock() = default;
  explicit ParamBlock(std::size_t size) : size_(size), bytes_(allocate(size)) {}
  ParamBlock(const ParamBlock& other) : ParamBlock(other.size_) {
    if (size_ > 0) std::memcpy(data(), other.data(), size_);
  }
  ParamBlock(ParamBlock&& other) noexcept = default;
  ParamBlock& operator=(ParamBlock other) noexcept {
    size_ = other.size_;
    bytes_ = std::move(other.bytes_);
    return *this;
  }

  std::byte* data() const { return bytes_.get(); }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(std::byte* p) const { std::free(p); }
  };
  using Owned = std::unique_ptr<std::byte[], Free>;

  static constexpr std::size_t kAlignment = 64;

  static Owned allocate(std::size_t size) {
    const std::size_t room = (size / kAlignment + 1) * kAlignment;
    auto* p = static_cast<std::byte*>(std::aligned_alloc(kAlignment, room));
    if (!p) throw std::bad_alloc();
    std::memset(p, 0, room);
    return Owned(p);
  }

  std::size_t size_ = 0;
  Owned bytes_;
};

}  // namespace fib::sim
