// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace fib::match {

/// Index into LaunchView::geometry.
enum class Geometry : std::uint8_t {
  GridX,
  GridY,
  GridZ,
  BlockX,
  BlockY,
  BlockZ,
  ClusterX,
  ClusterY,
  ClusterZ,
  Shared  ///< dynamic shared memory, bytes
};
inline constexpr std::size_t kGeometryTerms = 10;

/// Where one kernel parameter lies in the parameter buffer, as the driver tells it.
struct ParamSlot {
  std::uint32_t offset = 0, size = 0;  ///< bytes
  bool operator==(const ParamSlot&) const = default;
};

/// One launch, as a hook sees it: borrowed, valid during the call. Parameters come either one by
/// one (`params`, the driver's kernelParams) or as one buffer (`buffer`, of the driver's `extra`).
struct LaunchView {
  std::array<std::uint32_t, kGeometryTerms> geometry{1, 1, 1, 1, 1, 1, 1, 1, 1, 0};
  void* const* params = nullptr;
  const std::byte* buffer = nullptr;
  std::size_t buffer_bytes = 0;
  const ParamSlot* layout = nullptr;  ///< of param_count parameters; none if it is not known
  std::uint32_t param_count = 0;

  [[nodiscard]] std::uint32_t operator[](Geometry term) const noexcept {
    return geometry[static_cast<std::size_t>(term)];
  }
};

/// Where `size` bytes at `offset` of parameter `index` are, null if the launch has no such bytes.
/// Never looks beyond a parameter: the next byte may be another page.
[[nodiscard]] inline const std::byte* param_bytes(const LaunchView& launch, std::uint32_t index,
                                                  std::uint64_t offset,
                                                  std::uint64_t size) noexcept {
  if (index >= launch.param_count) return nullptr;
  const ParamSlot& slot = launch.layout[index];
  if (offset > slot.size || size > slot.size - offset) return nullptr;
  if (launch.params != nullptr) {
    const void* const param = launch.params[index];
    return param != nullptr ? static_cast<const std::byte*>(param) + offset : nullptr;
  }
  const std::uint64_t begin = slot.offset + offset;  // 32 bits each: can't overflow 64
  if (launch.buffer == nullptr || begin + size > launch.buffer_bytes) return nullptr;
  return launch.buffer + begin;
}

}  // namespace fib::match
