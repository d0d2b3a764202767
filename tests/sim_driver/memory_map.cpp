// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/memory_map.h"

#include <sys/mman.h>

#include "tests/sim_driver/address_zone.h"
#include "tests/sim_driver/api.h"

namespace fib::sim {
namespace {

constexpr std::size_t kSegment = std::size_t{2} << 20;
constexpr std::size_t kLarge = std::size_t{1} << 20;  // from here on a segment of its own
constexpr std::size_t kGranule = 512;
constexpr std::size_t kBehind = 16;  // bytes behind an allocation that stay mapped

std::size_t round_up(std::size_t n, std::size_t to) { return (n + to - 1) / to * to; }

std::size_t small_bytes(std::size_t size) { return round_up(size + kBehind, kGranule); }
std::size_t large_bytes(std::size_t size) { return round_up(size + kBehind, kSegment); }

uintptr_t map_segment(std::size_t bytes) {
  const uintptr_t base = map_in_zone(bytes, kSegment, PROT_READ | PROT_WRITE);
  require(base != 0, CUDA_ERROR_OUT_OF_MEMORY);
  return base;
}

template <class Map>
auto containing(Map& map, uintptr_t address) {
  auto it = map.upper_bound(address);
  return it == map.begin() ? map.end() : --it;
}

}  // namespace

uintptr_t MemoryMap::allocate(std::size_t size) {
  if (size < kLarge) return cut(small_bytes(size));
  const std::size_t bytes = large_bytes(size);
  const uintptr_t base = map_segment(bytes);
  segments_[base] = bytes;
  return base;
}

void MemoryMap::release(uintptr_t base, std::size_t size) {
  if (size < kLarge) return merge(base, small_bytes(size));
  segments_.erase(base);
  unmap_from_zone(base, large_bytes(size));
}

// First fit, lowest address: a block that was just freed is used again soon.
uintptr_t MemoryMap::cut(std::size_t bytes) {
  for (auto it = free_.begin(); it != free_.end(); ++it) {
    const auto [base, room] = *it;
    if (room < bytes) continue;
    free_.erase(it);
    if (room > bytes) free_.emplace(base + bytes, room - bytes);
    return base;
  }
  const std::size_t segment = round_up(bytes, kSegment);
  const uintptr_t base = map_segment(segment);
  segments_[base] = segment;
  if (segment > bytes) free_.emplace(base + bytes, segment - bytes);
  return base;
}

void MemoryMap::merge(uintptr_t base, std::size_t bytes) {
  auto it = free_.emplace(base, bytes).first;
  if (auto next = std::next(it); next != free_.end() && next->first == base + bytes) {
    it->second += next->second;
    free_.erase(next);
  }
  if (it == free_.begin()) return;
  if (auto before = std::prev(it); before->first + before->second == base) {
    before->second += it->second;
    free_.erase(it);
  }
}

Allocation& MemoryMap::add(Allocation allocation) {
  allocation.id = next_id_++;
  return live_.insert_or_assign(allocation.base, std::move(allocation)).first->second;
}

Allocation* MemoryMap::find(uintptr_t address) {
  const auto it = containing(live_, address);
  return it != live_.end() && address < it->second.end() ? &it->second : nullptr;
}

Allocation* MemoryMap::find_base(uintptr_t base) {
  const auto it = live_.find(base);
  return it == live_.end() ? nullptr : &it->second;
}

bool MemoryMap::accessible(uintptr_t address, std::size_t size, int device, bool write) {
  const uintptr_t end = address + size;
  if (end < address) return false;
  while (true) {
    const Allocation* range = find(address);
    if (!range || range->free_queued) return false;
    if (range->kind == MemoryKind::mapped) {
      const auto granted = range->access.find(device);
      if (granted == range->access.end() || granted->second == CU_MEM_ACCESS_FLAGS_PROT_NONE)
        return false;
      if (write && granted->second != CU_MEM_ACCESS_FLAGS_PROT_READWRITE) return false;
    }
    if (end <= range->end()) return true;
    if (range->kind != MemoryKind::mapped) return false;
    address = range->end();
  }
}

bool MemoryMap::dangling(uintptr_t address) {
  const auto it = containing(segments_, address);
  return it != segments_.end() && address < it->first + it->second && !find(address);
}

}  // namespace fib::sim
