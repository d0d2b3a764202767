// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>

/// What is known about launches, graphs and memory once a log has been read. Plain data.
namespace fib::launches {

/// How a kernel was launched.
struct LaunchShape {
  std::array<std::uint32_t, 3> grid{}, block{};
  std::uint32_t shared_bytes = 0;
  auto operator<=>(const LaunchShape&) const = default;
};
struct LaunchShapeHash {
  std::size_t operator()(const LaunchShape& shape) const noexcept;
};

struct GraphFacts {
  std::uint32_t exec = 0;
  std::uint64_t exec_handle = 0;
  std::uint32_t nodes = 0, kernel_nodes = 0;     ///< of the first revision, child graphs included
  std::map<std::uint16_t, std::uint32_t> types;  ///< nodes by CUgraphNodeType
  std::uint64_t revisions = 0, updates = 0;      ///< whole-graph updates, single-node updates
  std::uint64_t launches = 0;
  bool conditional = false;
};

enum class MemoryKind : std::uint8_t {
  Device,
  StreamOrdered,
  Virtual,
  Managed,
  PinnedHost,
  RegisteredHost
};
inline constexpr std::size_t kMemoryKinds = 6;
[[nodiscard]] const char* to_string(MemoryKind kind);

}  // namespace fib::launches
