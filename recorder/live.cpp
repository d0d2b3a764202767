// SPDX-License-Identifier: Apache-2.0
//
// Memory. Mappings are in live_mappings.cpp, contexts and streams in live_contexts.cpp.
#include "recorder/live.h"

#include "driver/scopes.h"
#include "recorder/guard.h"
#include "recorder/live_update.h"

namespace fib::recorder {
namespace {

using trace::Deviation;
using trace::RegionKind;

bool has_kind(const LiveRegion& region, RegionKind kind) noexcept {
  return region.fixed.kind == number_of(kind);
}

/// Legal while streams capture, unlike most questions. `value` stays as it is if there is no
/// answer.
template <class T>
bool ask_pointer(const driver::DriverApi& api, CUpointer_attribute what, std::uint64_t address,
                 T& value) noexcept {
  T answer{};
  if (api.cuPointerGetAttribute(&answer, what, address) != CUDA_SUCCESS) return false;
  value = answer;
  return true;
}

MemoryMap::Entry entry_of(RegionKind kind, std::uint64_t address, std::uint64_t bytes,
                          std::uint32_t flags) {
  MemoryMap::Entry entry;
  entry.region.fixed.kind = number_of(kind);
  entry.region.fixed.address = address;
  entry.region.fixed.bytes = bytes;
  entry.region.fixed.flags = flags;
  return entry;
}

}  // namespace

// ---- what windows ask ---------------------------------------------------------------------------

std::optional<LiveRegion> Live::find(std::uint64_t address) const noexcept {
  const std::lock_guard lock(mutex_);
  const LiveRegion* region = memory_.find(address);
  // Regions of memory have no name: nothing is allocated.
  return region != nullptr ? std::optional(*region) : std::nullopt;
}

bool Live::is_foreign(std::uint64_t address) const noexcept {
  const std::lock_guard lock(mutex_);
  const LiveRegion* region = memory_.find(address);
  return region != nullptr && has_kind(*region, RegionKind::Foreign);
}

std::vector<LiveRegion> Live::regions() const {
  const std::lock_guard lock(mutex_);
  return memory_.regions();
}

std::uint32_t Live::new_region_number() noexcept {
  const std::lock_guard lock(mutex_);
  return memory_.new_number();
}

void Live::drop_dead() noexcept {
  update([&] {
    // A window may begin in a thread's first call, when it has no context yet.
    std::optional<driver::CurrentContext> lent;
    if (current_context(api_) == 0 && !contexts_.empty())
      lent.emplace(api_, contexts_.begin()->first);
    // Nobody answers: nor can anybody touch the memory.
    if (current_context(api_) == 0) return;
    // The only questions asked under the mutex: every other thread is held at this time anyhow.
    const auto dead = memory_.take_if([&](const MemoryMap::Entry& entry) {
      unsigned type = 0;
      return entry.accessible() && !has_kind(entry.region, RegionKind::Foreign) &&
             !ask_pointer(api_, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, entry.region.fixed.address, type);
    });
    if (dead.empty()) return;
    changed();
    const trace::RegionRecord& first = dead.front().mapped().region.fixed;
    session_.deviation(Deviation::MemoryUnknown,
                       "%zu allocations were freed out of sight, the first one of %llu bytes at "
                       "0x%llx",
                       dead.size(), static_cast<unsigned long long>(first.bytes),
                       static_cast<unsigned long long>(first.address));
  });
}

// ---- what calls tell ----------------------------------------------------------------------------

Live::Where Live::here() const noexcept {
  Where where;
  where.context = current_context(api_);
  if (where.context == 0 || api_.cuCtxGetDevice(&where.device) != CUDA_SUCCESS) where.device = -1;
  return where;
}

void Live::insert(MemoryMap::Entry entry) {
  if (has_kind(entry.region, RegionKind::Foreign))
    had_foreign_.store(true, std::memory_order_relaxed);
  memory_.insert(std::move(entry));
  changed();
}

void Live::allocated(RegionKind kind, std::uint64_t address, std::uint64_t bytes,
                     std::uint32_t flags) noexcept {
  const Where where = here();
  update([&] {
    note(where);
    MemoryMap::Entry entry = entry_of(kind, address, bytes, flags);
    trace::RegionRecord& region = entry.region.fixed;
    region.context = where.context;
    const bool on_host = kind == RegionKind::Pinned;
    region.device = on_host ? -1 : where.device;
    // All of pinned memory is mapped at its own address (unified addressing).
    if (on_host) region.host_address = address;
    insert(std::move(entry));
  });
}

void Live::allocated_async(std::uint64_t address, std::uint64_t bytes, CUstream stream) noexcept {
  if (captures_.id_of(stream) != 0) {
    session_.deviation(Deviation::MemoryUnknown,
                       "a graph allocates memory: its content is not recorded");
    return;
  }
  const Where where = here();
  int device = where.device;
  CUmemoryPool pool = nullptr;
  ask_pointer(api_, CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, address, device);
  ask_pointer(api_, CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE, address, pool);
  update([&] {
    note(where);
    MemoryMap::Entry entry = entry_of(RegionKind::Pool, address, bytes, 0);
    entry.region.fixed.context = where.context;
    entry.region.fixed.device = device;
    entry.region.fixed.handle = reinterpret_cast<std::uintptr_t>(pool);
    insert(std::move(entry));
  });
}

void Live::registered(void* host, std::uint64_t bytes, std::uint32_t flags) noexcept {
  const Where where = here();
  CUdeviceptr address = 0;
  if (api_.cuMemHostGetDevicePointer_v2(&address, host, 0) != CUDA_SUCCESS)
    address = reinterpret_cast<std::uintptr_t>(host);
  const bool is_io = (flags & CU_MEMHOSTREGISTER_IOMEMORY) != 0;
  update([&] {
    note(where);
    MemoryMap::Entry entry =
        entry_of(is_io ? RegionKind::Foreign : RegionKind::Registered, address, bytes, flags);
    entry.region.fixed.context = where.context;
    entry.region.fixed.device = -1;
    entry.region.fixed.host_address = reinterpret_cast<std::uintptr_t>(host);
    insert(std::move(entry));
  });
}

void Live::foreign(std::uint64_t address, std::uint64_t bytes, std::uint64_t handle,
                   std::uint32_t flags) noexcept {
  const Where where = here();
  std::size_t size = bytes;
  CUdeviceptr base = address;
  if (size == 0 && api_.cuMemGetAddressRange_v2(&base, &size, address) != CUDA_SUCCESS) size = 1;
  update([&] {
    note(where);
    // Opened once more: the same address, and it has to be closed as often.
    if (MemoryMap::Entry* open = memory_.at(address);
        open != nullptr && bytes == 0 && has_kind(open->region, RegionKind::Foreign)) {
      ++open->uses;
      return;
    }
    MemoryMap::Entry entry = entry_of(RegionKind::Foreign, address, base + size - address, flags);
    entry.region.fixed.context = where.context;
    entry.region.fixed.device = where.device;
    entry.region.fixed.handle = handle;
    insert(std::move(entry));
  });
}

void Live::take(std::uint64_t base) noexcept {
  update([&] {
    std::uint64_t key = base;
    if (memory_.at(base) == nullptr)
      if (const LiveRegion* region = memory_.find(base);
          region != nullptr && region->fixed.host_address == base)
        key = region->fixed.address;
    if (memory_.at(key) == nullptr) return;
    Taken& taken = taken_by_this_thread();
    taken.regions.reserve(1);
    taken.regions.push_back(memory_.take(key));
    changed();
  });
}

void Live::take_async(std::uint64_t base, CUstream stream) noexcept {
  if (captures_.id_of(stream) == 0) take(base);
}

void Live::take_opened(std::uint64_t base) noexcept {
  bool is_last = true;
  update([&] {
    MemoryMap::Entry* open = memory_.at(base);
    is_last = open == nullptr || open->uses == 1;
    if (is_last) return;
    taken_by_this_thread().opened = base;
    --open->uses;
  });
  if (is_last) take(base);
}

void Live::take_foreign_of(std::uint64_t handle) noexcept {
  update([&] {
    auto nodes = memory_.take_if([&](const MemoryMap::Entry& entry) {
      return has_kind(entry.region, RegionKind::Foreign) && entry.region.fixed.handle == handle;
    });
    Taken& taken = taken_by_this_thread();
    taken.regions.reserve(taken.regions.size() + nodes.size());
    for (MemoryMap::Node& node : nodes) taken.regions.push_back(std::move(node));
    changed();
  });
}

void Live::array_made(const char* call) noexcept {
  session_.deviation(Deviation::ArrayMemory, "%s: the content of arrays is not recorded", call);
}

// ---- taken, until the call returns --------------------------------------------------------------

Live::Taken& Live::taken_by_this_thread() {
  const void* const thread = &t_depth;
  for (Taken& taken : taken_)
    if (taken.thread == thread) return taken;
  taken_.emplace_back();
  taken_.back().thread = thread;
  return taken_.back();
}

void Live::put_back(Taken& taken) noexcept {
  for (MemoryMap::Node& node : taken.regions) memory_.put_back(std::move(node));
  for (StreamMap::node_type& node : taken.streams) streams_.insert(std::move(node));
  for (ContextMap::node_type& node : taken.contexts) contexts_.insert(std::move(node));
  if (!taken.allocation.empty()) allocations_.insert(std::move(taken.allocation));
  if (MemoryMap::Entry* open = memory_.at(taken.opened); taken.opened != 0 && open != nullptr)
    ++open->uses;
  if (const auto found = allocations_.find(taken.released);
      taken.released != 0 && found != allocations_.end())
    ++found->second.references;
}

void Live::tell_ends(const Taken& taken) noexcept {
  if (context_ended_ == nullptr) return;
  for (const ContextMap::node_type& node : taken.contexts)
    if (!node.empty()) context_ended_(listener_, reinterpret_cast<std::uintptr_t>(node.key()));
}

void Live::settle(bool succeeded) noexcept {
  Taken taken;
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(taken_.begin(), taken_.end(),
                                    [](const Taken& t) { return t.thread == &t_depth; });
    if (found == taken_.end()) return;
    taken = std::move(*found);
    taken_.erase(found);
    if (!succeeded) {
      put_back(taken);
      changed();
    }
  }
  if (succeeded) tell_ends(taken);
}

}  // namespace fib::recorder
