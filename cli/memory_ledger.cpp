// SPDX-License-Identifier: Apache-2.0
#include "cli/memory_ledger.h"

#include <algorithm>

namespace fib::cli {
namespace {

bool on_device(MemoryKind kind) {
  return kind != MemoryKind::PinnedHost && kind != MemoryKind::RegisteredHost;
}

}  // namespace

void MemoryLedger::allocate(std::uint64_t ticks, MemoryKind kind, std::uint64_t address,
                            std::uint64_t bytes) {
  events_.push_back({ticks, address, bytes, 0, Kind::Allocate, kind});
}
void MemoryLedger::free(std::uint64_t ticks, std::uint64_t address) {
  events_.push_back({ticks, address, 0, 0, Kind::Free, {}});
}
void MemoryLedger::create(std::uint64_t ticks, std::uint64_t handle, std::uint64_t bytes) {
  events_.push_back({ticks, 0, bytes, handle, Kind::Create, {}});
}
void MemoryLedger::retain(std::uint64_t ticks, std::uint64_t handle) {
  events_.push_back({ticks, 0, 0, handle, Kind::Retain, {}});
}
void MemoryLedger::release(std::uint64_t ticks, std::uint64_t handle) {
  events_.push_back({ticks, 0, 0, handle, Kind::Release, {}});
}
void MemoryLedger::map(std::uint64_t ticks, std::uint64_t address, std::uint64_t bytes,
                       std::uint64_t handle) {
  events_.push_back({ticks, address, bytes, handle, Kind::Map, {}});
}
void MemoryLedger::unmap(std::uint64_t ticks, std::uint64_t address, std::uint64_t bytes) {
  events_.push_back({ticks, address, bytes, 0, Kind::Unmap, {}});
}

MemoryFacts MemoryLedger::settle() {
  std::stable_sort(events_.begin(), events_.end(),
                   [](const Event& a, const Event& b) { return a.ticks < b.ticks; });
  for (const Event& event : events_) apply(event);
  events_.clear();
  return std::move(facts_);
}

void MemoryLedger::apply(const Event& event) {
  switch (event.kind) {
    case Kind::Allocate: return apply_allocate(event);
    case Kind::Free: return apply_free(event);
    case Kind::Create: return apply_create(event);
    case Kind::Retain:
    case Kind::Release: return apply_reference(event);
    case Kind::Map: return apply_map(event);
    case Kind::Unmap: return apply_unmap(event);
  }
}

// An address that is given out again was freed out of sight: its context went, or the log lost it.
void MemoryLedger::apply_allocate(const Event& event) {
  if (event.address == 0) return;
  const auto [block, fresh] = blocks_.try_emplace(event.address, Block{event.bytes, event.memory});
  if (!fresh) {
    shrink(event, block->second.kind, block->second.bytes);
    block->second = {event.bytes, event.memory};
  }
  grow(event, event.memory, event.bytes);
}

void MemoryLedger::apply_free(const Event& event) {
  if (event.address == 0) return;  // freeing null is a legal no-op
  const auto block = blocks_.find(event.address);
  if (block == blocks_.end()) {
    ++facts_.unmatched_frees;
    return;
  }
  shrink(event, block->second.kind, block->second.bytes);
  blocks_.erase(block);
}

void MemoryLedger::apply_create(const Event& event) {
  handles_[event.handle] = physical_.size();
  physical_.push_back({event.bytes, 1, 0});
  grow(event, MemoryKind::Virtual, event.bytes);
}

void MemoryLedger::apply_reference(const Event& event) {
  const auto found = handles_.find(event.handle);
  if (found == handles_.end()) return;  // imported from another process, whose memory it is
  Physical& physical = physical_[found->second];
  if (event.kind == Kind::Retain) {
    ++physical.references;
  } else if (physical.references > 0) {
    --physical.references;
    drop_if_unused(event, found->second);
  }
}

void MemoryLedger::apply_map(const Event& event) {
  const auto found = handles_.find(event.handle);
  if (found == handles_.end()) return;
  ++physical_[found->second].mappings;
  mappings_[event.address] = {event.bytes, found->second};
}

void MemoryLedger::apply_unmap(const Event& event) {
  auto at = mappings_.lower_bound(event.address);
  while (at != mappings_.end() && at->first - event.address < event.bytes) {
    const std::size_t physical = at->second.physical;
    at = mappings_.erase(at);
    if (physical_[physical].mappings > 0) --physical_[physical].mappings;
    drop_if_unused(event, physical);
  }
}

void MemoryLedger::drop_if_unused(const Event& event, std::size_t index) {
  Physical& physical = physical_[index];
  if (physical.references > 0 || physical.mappings > 0) return;
  shrink(event, MemoryKind::Virtual, physical.bytes);
  physical.bytes = 0;
}

void MemoryLedger::grow(const Event& event, MemoryKind kind, std::uint64_t bytes) {
  const auto i = static_cast<std::size_t>(kind);
  ++facts_.allocations[i];
  facts_.live[i] += bytes;
  facts_.peak[i] = std::max(facts_.peak[i], facts_.live[i]);
  if (on_device(kind)) {
    facts_.device_live += bytes;
    facts_.device_peak = std::max(facts_.device_peak, facts_.device_live);
  }
  facts_.timeline.push_back({event.ticks, kind, facts_.live[i]});
}

void MemoryLedger::shrink(const Event& event, MemoryKind kind, std::uint64_t bytes) {
  const auto i = static_cast<std::size_t>(kind);
  facts_.live[i] -= bytes;
  if (on_device(kind)) facts_.device_live -= bytes;
  facts_.timeline.push_back({event.ticks, kind, facts_.live[i]});
}

}  // namespace fib::cli
