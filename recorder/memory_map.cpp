// SPDX-License-Identifier: Apache-2.0
#include "recorder/memory_map.h"

#include <utility>

namespace fib::recorder {
namespace {

bool is_aliased(const trace::RegionRecord& region) noexcept {
  return region.host_address != 0 && region.host_address != region.address;
}

/// Without overflow, whatever the numbers.
bool within(std::uint64_t address, std::uint64_t base, std::uint64_t bytes) noexcept {
  return address >= base && address - base < bytes;
}

}  // namespace

void MemoryMap::insert(Entry entry) {
  const std::uint64_t base = entry.region.fixed.address, bytes = entry.region.fixed.bytes;
  auto old = entries_.lower_bound(base);
  if (old != entries_.begin()) {
    const auto before = std::prev(old);
    if (within(base, before->first, before->second.region.fixed.bytes)) old = before;
  }
  while (old != entries_.end() && (old->first <= base || within(old->first, base, bytes)))
    (void)take((old++)->first);
  renumber(entry);
  const bool aliased = is_aliased(entry.region.fixed);
  entries_.emplace(base, std::move(entry));
  if (aliased) ++aliased_;
}

MemoryMap::Node MemoryMap::take(std::uint64_t base) noexcept {
  Node node = entries_.extract(base);
  if (!node.empty() && is_aliased(node.mapped().region.fixed)) --aliased_;
  return node;
}

void MemoryMap::put_back(Node node) noexcept {
  if (node.empty()) return;
  const bool aliased = is_aliased(node.mapped().region.fixed);
  if (entries_.insert(std::move(node)).inserted && aliased) ++aliased_;
}

MemoryMap::Entry* MemoryMap::at(std::uint64_t base) noexcept {
  const auto found = entries_.find(base);
  return found != entries_.end() ? &found->second : nullptr;
}

const MemoryMap::Entry* MemoryMap::entry_of(std::uint64_t address) const noexcept {
  auto found = entries_.upper_bound(address);
  if (found == entries_.begin()) return nullptr;
  --found;
  return within(address, found->first, found->second.region.fixed.bytes) ? &found->second : nullptr;
}

const LiveRegion* MemoryMap::find(std::uint64_t address) const noexcept {
  if (const Entry* entry = entry_of(address); entry != nullptr)
    return entry->accessible() ? &entry->region : nullptr;
  if (aliased_ == 0) return nullptr;
  for (const auto& [base, entry] : entries_)
    if (is_aliased(entry.region.fixed) &&
        within(address, entry.region.fixed.host_address, entry.region.fixed.bytes))
      return &entry.region;
  return nullptr;
}

std::vector<LiveRegion> MemoryMap::regions() const {
  std::vector<LiveRegion> list;
  list.reserve(entries_.size());
  for (const auto& [base, entry] : entries_)
    if (entry.accessible()) list.push_back(entry.region);
  return list;
}

}  // namespace fib::recorder
