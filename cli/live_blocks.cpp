// SPDX-License-Identifier: Apache-2.0
#include "cli/live_blocks.h"

namespace fib::cli {

void LiveBlocks::advance(std::uint64_t ticks) {
  for (; next_ < events_.size() && events_[next_].ticks <= ticks; ++next_) {
    const MemoryEvent& event = events_[next_];
    if (event.kind == MemoryEvent::Kind::Free) {
      blocks_.erase(event.address);
      continue;
    }
    if (event.bytes == 0) continue;
    // Regions are told again at each window.
    const bool known =
        event.kind == MemoryEvent::Kind::Region && find(event.address).allocation != 0;
    if (!known) blocks_[event.address] = {event.bytes, ++numbers_};
  }
}

registry::PointedMemory LiveBlocks::find(std::uint64_t address) const {
  auto block = blocks_.upper_bound(address);
  if (block == blocks_.begin()) return {};
  --block;
  const std::uint64_t offset = address - block->first;
  if (offset >= block->second.bytes) return {};
  return {block->second.number, offset, block->second.bytes};
}

}  // namespace fib::cli
