// SPDX-License-Identifier: Apache-2.0
#include "launches/facts.h"

namespace fib::launches {

std::size_t LaunchShapeHash::operator()(const LaunchShape& shape) const noexcept {
  std::uint64_t hash = shape.shared_bytes;
  for (const auto* axes : {&shape.grid, &shape.block}) {
    for (const std::uint32_t axis : *axes)
      hash = (hash ^ axis) * 0x9e3779b97f4a7c15u + (hash >> 29);
  }
  return hash;
}

const char* to_string(MemoryKind kind) {
  switch (kind) {
    case MemoryKind::Device: return "device";
    case MemoryKind::StreamOrdered: return "stream-ordered";
    case MemoryKind::Virtual: return "virtual";
    case MemoryKind::Managed: return "managed";
    case MemoryKind::PinnedHost: return "pinned host";
    case MemoryKind::RegisteredHost: return "registered host";
  }
  return "unknown";
}

}  // namespace fib::launches
