// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/vmm.h"

#include <sys/mman.h>
#include <unistd.h>

#include "tests/sim_driver/address_zone.h"
#include "tests/sim_driver/driver.h"

namespace fib::sim {
namespace {

using PhysicalPtr = std::shared_ptr<PhysicalMemory>;

void* pointer_to(uintptr_t address) { return reinterpret_cast<void*>(address); }

bool is_granular(size_t n) { return n % kVmmGranularity == 0; }

/// The hint is taken if it is free, else ignored, as the driver does.
uintptr_t reserve(Vmm& vmm, uintptr_t hint, size_t size, size_t alignment) {
  if (alignment == 0) alignment = kVmmGranularity;
  require(size > 0 && is_granular(size) && (alignment & (alignment - 1)) == 0);
  alignment = std::max(alignment, kVmmGranularity);
  uintptr_t base = 0;
  if (hint != 0 && hint % alignment == 0) base = map_exactly(hint, size, PROT_NONE);
  if (base == 0) base = map_in_zone(size, alignment, PROT_NONE);
  require(base != 0, CUDA_ERROR_OUT_OF_MEMORY);
  vmm.reservations[base] = size;
  return base;
}

bool in_reservation(const Vmm& vmm, uintptr_t address, size_t size) {
  auto it = vmm.reservations.upper_bound(address);
  if (it == vmm.reservations.begin()) return false;
  --it;
  return address + size <= it->first + it->second;
}

bool has_mapping(const Vmm& vmm, const Driver& driver, uintptr_t address, size_t size) {
  for (const auto& [base, memory] : vmm.mappings)
    if (base < address + size && address < driver.memory.live().at(base).end()) return true;
  return false;
}

PhysicalPtr find_physical(const Vmm& vmm, CUmemGenericAllocationHandle handle) {
  const auto it = vmm.handles.find(handle);
  require(it != vmm.handles.end());
  return it->second;
}

void create(Call& c, CUmemGenericAllocationHandle* out, size_t size,
            const CUmemAllocationProp* properties) {
  require(out && properties && size > 0 && is_granular(size));
  require(properties->type == CU_MEM_ALLOCATION_TYPE_PINNED);
  Device& device = c.driver.device(properties->location.id);
  require(size <= device.total - device.used, CUDA_ERROR_OUT_OF_MEMORY);
  auto memory = std::make_shared<PhysicalMemory>();
  memory->fd = ::memfd_create("simvmm", MFD_CLOEXEC);
  require(memory->fd >= 0 && ::ftruncate(memory->fd, static_cast<off_t>(size)) == 0,
          CUDA_ERROR_OUT_OF_MEMORY);
  memory->size = size;
  memory->properties = *properties;
  device.used += size;
  *out = c.driver.vmm.next_handle++;
  c.driver.vmm.handles[*out] = std::move(memory);
}

void release(Call& c, CUmemGenericAllocationHandle handle) {
  const PhysicalPtr memory = find_physical(c.driver.vmm, handle);
  if (--memory->references > 0) return;
  c.driver.device(memory->properties.location.id).used -= memory->size;
  c.driver.vmm.handles.erase(handle);
}

void map(Call& c, CUdeviceptr address, size_t size, size_t offset,
         CUmemGenericAllocationHandle handle) {
  Vmm& vmm = c.driver.vmm;
  const PhysicalPtr memory = find_physical(vmm, handle);
  require(size > 0 && is_granular(address) && is_granular(size) && is_granular(offset));
  require(offset + size <= memory->size && in_reservation(vmm, address, size));
  require(!has_mapping(vmm, c.driver, address, size));
  void* p = ::mmap(pointer_to(address), size, PROT_NONE, MAP_SHARED | MAP_FIXED, memory->fd,
                   static_cast<off_t>(offset));
  require(p != MAP_FAILED, CUDA_ERROR_OUT_OF_MEMORY);
  Allocation range;
  range.base = address;
  range.size = size;
  range.kind = MemoryKind::mapped;
  range.device = memory->properties.location.id;
  range.handle = handle;
  c.driver.memory.add(range);
  vmm.mappings[address] = memory;
}

/// The mappings in a range that they must fill without a gap or an overhang.
std::vector<uintptr_t> mappings_in(Call& c, CUdeviceptr address, size_t size) {
  std::vector<uintptr_t> bases;
  uintptr_t at = address;
  while (at < address + size) {
    const Allocation* range = c.driver.memory.find_base(at);
    require(range && range->kind == MemoryKind::mapped);
    bases.push_back(at);
    at = range->end();
  }
  require(at == address + size);
  return bases;
}

void unmap(Call& c, CUdeviceptr address, size_t size) {
  for (uintptr_t base : mappings_in(c, address, size)) {
    c.driver.memory.remove(base);
    c.driver.vmm.mappings.erase(base);
  }
  ::mmap(pointer_to(address), size, PROT_NONE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

int protection(const Allocation& range) {
  int protection = PROT_NONE;
  for (const auto& [device, flags] : range.access) {
    if (flags == CU_MEM_ACCESS_FLAGS_PROT_READ) protection |= PROT_READ;
    if (flags == CU_MEM_ACCESS_FLAGS_PROT_READWRITE) protection |= PROT_READ | PROT_WRITE;
  }
  return protection;
}

void set_access(Call& c, CUdeviceptr address, size_t size, const CUmemAccessDesc* descs,
                size_t count) {
  require(descs && count > 0);
  for (size_t i = 0; i < count; ++i) c.driver.device(descs[i].location.id);
  for (uintptr_t base : mappings_in(c, address, size)) {
    Allocation& range = *c.driver.memory.find_base(base);
    for (size_t i = 0; i < count; ++i) range.access[descs[i].location.id] = descs[i].flags;
    ::mprotect(pointer_to(range.base), range.size, protection(range));
  }
}

}  // namespace

PhysicalMemory::~PhysicalMemory() {
  if (fd >= 0) ::close(fd);
}

SIM_API(cuMemAddressReserve,
        (CUdeviceptr * out, size_t size, size_t alignment, CUdeviceptr hint,
         unsigned long long flags),
        require(out&& flags == 0);
        *out = reserve(c.driver.vmm, hint, size, alignment))

SIM_API(cuMemAddressFree, (CUdeviceptr address, size_t size), {
  Vmm& vmm = c.driver.vmm;
  const auto it = vmm.reservations.find(address);
  require(it != vmm.reservations.end() && it->second == size);
  require(!has_mapping(vmm, c.driver, address, size));
  unmap_from_zone(address, size);
  vmm.reservations.erase(it);
})

SIM_API(cuMemCreate,
        (CUmemGenericAllocationHandle * out, size_t size, const CUmemAllocationProp* properties,
         unsigned long long flags),
        require(flags == 0);
        create(c, out, size, properties))
SIM_API(cuMemRelease, (CUmemGenericAllocationHandle handle), release(c, handle))
SIM_API(cuMemMap,
        (CUdeviceptr address, size_t size, size_t offset, CUmemGenericAllocationHandle handle,
         unsigned long long flags),
        require(flags == 0);
        map(c, address, size, offset, handle))
SIM_API(cuMemUnmap, (CUdeviceptr address, size_t size), unmap(c, address, size))
SIM_API(cuMemSetAccess,
        (CUdeviceptr address, size_t size, const CUmemAccessDesc* descs, size_t count),
        set_access(c, address, size, descs, count))

SIM_API(cuMemGetAccess,
        (unsigned long long* out, const CUmemLocation* location, CUdeviceptr address), {
          const Allocation* range = c.driver.memory.find(address);
          require(location && range && range->kind == MemoryKind::mapped);
          const auto granted = range->access.find(location->id);
          store(out,
                granted == range->access.end() ? CU_MEM_ACCESS_FLAGS_PROT_NONE : granted->second);
        })

SIM_API(cuMemRetainAllocationHandle, (CUmemGenericAllocationHandle * out, void* address), {
  const Allocation* range = c.driver.memory.find(reinterpret_cast<uintptr_t>(address));
  require(out && range && range->kind == MemoryKind::mapped);
  // After cuMemRelease the mapping still holds the memory, and its handle may be revived.
  PhysicalPtr& memory = c.driver.vmm.handles[range->handle];
  if (memory) {
    ++memory->references;
  } else {
    memory = c.driver.vmm.mappings.at(range->base);
    memory->references = 1;
    c.driver.device(memory->properties.location.id).used += memory->size;
  }
  *out = range->handle;
})

SIM_API(cuMemGetAllocationGranularity,
        (size_t * out, const CUmemAllocationProp* properties, CUmemAllocationGranularity_flags),
        require(properties != nullptr);
        store(out, kVmmGranularity))
SIM_API(cuMemGetAllocationPropertiesFromHandle,
        (CUmemAllocationProp * out, CUmemGenericAllocationHandle handle),
        store(out, find_physical(c.driver.vmm, handle)->properties))

}  // namespace fib::sim
