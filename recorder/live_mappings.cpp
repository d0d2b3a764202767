// SPDX-License-Identifier: Apache-2.0
//
// Virtual memory: allocations have handles, mappings have addresses, and either may outlive the
// other.
#include "driver/device_location.h"
#include "recorder/live_update.h"

namespace fib::recorder {
namespace {

using trace::RegionKind;

/// Bit of a GPU by ordinal; none for what is no GPU.
std::uint64_t bit_of(const CUmemLocation& location) noexcept {
  const bool is_gpu = location.type == CU_MEM_LOCATION_TYPE_DEVICE && location.id >= 0;
  return is_gpu && location.id < 64 ? std::uint64_t{1} << location.id : 0;
}

void apply(const CUmemAccessDesc& right, std::uint64_t& gpus) noexcept {
  if (right.flags != CU_MEM_ACCESS_FLAGS_PROT_NONE)
    gpus |= bit_of(right.location);
  else
    gpus &= ~bit_of(right.location);
}

/// Memory that only other GPUs may touch than the one that has it is as good as another process's.
RegionKind kind_of(const MemoryMap::Entry& entry) noexcept {
  const CUmemLocation home = driver::device_location(entry.region.fixed.device);
  const bool out_of_reach =
      entry.accessible() && entry.region.fixed.device >= 0 && (entry.gpus & bit_of(home)) == 0;
  return entry.imported || out_of_reach ? RegionKind::Foreign : RegionKind::Mapped;
}

}  // namespace

void Live::handle_made(std::uint64_t handle, const CUmemLocation& location) noexcept {
  const bool on_device = location.type == CU_MEM_LOCATION_TYPE_DEVICE;
  update([&] {
    allocations_.insert_or_assign(handle, Allocation{on_device ? location.id : -1, false, 1});
  });
}

void Live::handle_imported(std::uint64_t handle) noexcept {
  const Where where = here();
  update([&] {
    const auto [known, fresh] = allocations_.try_emplace(handle, Allocation{where.device, true, 1});
    if (!fresh) ++known->second.references;
  });
}

/// The driver promises the handle that the memory was mapped by, released or not.
void Live::handle_retained(std::uint64_t handle, std::uint64_t address) noexcept {
  update([&] {
    const MemoryMap::Entry* entry = memory_.entry_of(address);
    if (const auto known = allocations_.find(handle); known != allocations_.end())
      ++known->second.references;
    else if (entry != nullptr)
      allocations_.insert({handle, {entry->region.fixed.device, entry->imported, 1}});
  });
}

void Live::take_handle(std::uint64_t handle) noexcept {
  update([&] {
    const auto known = allocations_.find(handle);
    if (known == allocations_.end()) return;
    Taken& taken = taken_by_this_thread();
    if (known->second.references > 1) {
      --known->second.references;
      taken.released = handle;
      return;
    }
    taken.allocation = allocations_.extract(known);
  });
}

void Live::mapped(std::uint64_t address, std::uint64_t bytes, std::uint64_t offset,
                  std::uint64_t handle, std::uint32_t flags) noexcept {
  update([&] {
    const auto known = allocations_.find(handle);
    MemoryMap::Entry entry;
    entry.gpus = 0;
    entry.imported = known == allocations_.end() || known->second.foreign;
    trace::RegionRecord& region = entry.region.fixed;
    region.address = address;
    region.bytes = bytes;
    region.offset = offset;
    region.handle = handle;
    region.flags = flags;
    region.device = known != allocations_.end() ? known->second.device : -1;
    region.kind = number_of(kind_of(entry));
    insert(std::move(entry));
  });
}

void Live::access_set(std::uint64_t address, std::uint64_t bytes, const CUmemAccessDesc* rights,
                      std::size_t count) noexcept {
  update([&] {
    memory_.for_each_in(address, bytes, [&](MemoryMap::Entry& entry) {
      const bool was_accessible = entry.accessible();
      for (std::size_t i = 0; i < count; ++i) apply(rights[i], entry.gpus);
      const std::uint16_t kind = number_of(kind_of(entry));
      if ((entry.accessible() && !was_accessible) || kind != entry.region.fixed.kind)
        memory_.renumber(entry);
      entry.region.fixed.kind = kind;
      if (kind == number_of(RegionKind::Foreign)) had_foreign_.store(true);
    });
    changed();
  });
}

void Live::take_range(std::uint64_t address, std::uint64_t bytes) noexcept {
  update([&] {
    std::vector<std::uint64_t> bases;
    memory_.for_each_in(address, bytes, [&](const MemoryMap::Entry& entry) {
      bases.push_back(entry.region.fixed.address);
    });
    Taken& taken = taken_by_this_thread();
    taken.regions.reserve(taken.regions.size() + bases.size());
    for (const std::uint64_t base : bases) taken.regions.push_back(memory_.take(base));
    changed();
  });
}

}  // namespace fib::recorder
