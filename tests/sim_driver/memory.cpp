// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/memory.h"

#include <sys/mman.h>

#include "tests/sim_driver/driver.h"

namespace fib::sim {
namespace {

constexpr size_t kPitch = 512;

size_t page_up(size_t n) { return (n + 4095) / 4096 * 4096; }

void* map_host(size_t size) {
  void* p =
      ::mmap(nullptr, page_up(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  require(p != MAP_FAILED, CUDA_ERROR_OUT_OF_MEMORY);
  return p;
}

void add_host(Call& c, void* p, size_t size, MemoryKind kind, unsigned flags) {
  const ContextPtr context = c.context();
  Allocation range;
  range.base = reinterpret_cast<uintptr_t>(p);
  range.size = size;
  range.kind = kind;
  range.context = context->handle;
  range.device = context->device;
  range.flags = flags;
  c.driver.memory.add(range);
}

void alloc(Call& c, CUdeviceptr* out, size_t size, MemoryKind kind) {
  const ContextPtr context = c.context();
  require(out && size > 0);
  guard_unsafe_call(c);
  *out = allocate_device(c.driver, *context, size, kind).base;
}

void alloc_host(Call& c, void** out, size_t size, unsigned flags) {
  c.context();
  require(out && size > 0);
  guard_unsafe_call(c);
  *out = map_host(size);
  add_host(c, *out, size, MemoryKind::host, flags);
}

void register_host(Call& c, void* p, size_t size, unsigned flags) {
  require(p && size > 0);
  const auto base = reinterpret_cast<uintptr_t>(p);
  const auto& live = c.driver.memory.live();
  const auto next = live.lower_bound(base);
  const bool overlaps =
      c.driver.memory.find(base) || (next != live.end() && next->first < base + size);
  require(!overlaps, CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED);
  guard_unsafe_call(c);
  add_host(c, p, size, MemoryKind::registered, flags);
}

// Freeing synchronises with the device, so that nothing in flight loses its memory.
void free_now(Call& c, uintptr_t base) {
  const Allocation range = *c.driver.memory.find_base(base);
  c.driver.memory.find_base(base)->free_queued = true;
  wait_for(c, pending_on_device(c.driver, range.device));
  if (c.driver.memory.find_base(base)) free_allocation(c.driver, range);
}

void free_device(Call& c, CUdeviceptr address) {
  c.context();
  if (address == 0) return;
  const Allocation* range = c.driver.memory.find_base(address);
  require(range && !range->free_queued);
  require(range->kind == MemoryKind::device || range->kind == MemoryKind::managed ||
          range->kind == MemoryKind::pool);
  guard_unsafe_call(c);
  free_now(c, address);
}

void free_host(Call& c, void* p, MemoryKind kind, CUresult otherwise) {
  c.context();
  const Allocation* range = c.driver.memory.find_base(reinterpret_cast<uintptr_t>(p));
  require(range && range->kind == kind && !range->free_queued, otherwise);
  guard_unsafe_call(c);
  free_now(c, range->base);
}

Allocation& host_range(Call& c, const void* p) {
  c.context();
  Allocation* range = c.driver.memory.find(reinterpret_cast<uintptr_t>(p));
  require(range && (range->host_side() || range->kind == MemoryKind::managed));
  return *range;
}

void device_pointer(Call& c, CUdeviceptr* out, void* p, unsigned flags) {
  require(flags == 0);
  host_range(c, p);
  store(out, address_of(p));
}

void give_back(Driver& driver, const Allocation& range) {
  Device& device = driver.device(range.device);
  device.used -= range.size;
  driver.memory.release(range.base, range.size);
}

}  // namespace

Allocation& allocate_device(Driver& driver, const Context& context, size_t size, MemoryKind kind) {
  Device& device = driver.device(context.device);
  require(size <= device.total - device.used, CUDA_ERROR_OUT_OF_MEMORY);
  Allocation range;
  range.base = driver.memory.allocate(size);
  range.size = size;
  range.kind = kind;
  range.context = context.handle;
  range.device = context.device;
  device.used += size;
  return driver.memory.add(range);
}

void free_allocation(Driver& driver, const Allocation& taken) {
  const Allocation range = taken;  // may live in the map
  driver.memory.remove(range.base);
  switch (range.kind) {
    case MemoryKind::pool: forget_block(driver, range); return give_back(driver, range);
    case MemoryKind::device:
    case MemoryKind::managed: return give_back(driver, range);
    case MemoryKind::host:
      ::munmap(reinterpret_cast<void*>(range.base), page_up(range.size));
      return;
    case MemoryKind::registered:
    case MemoryKind::mapped:
    case MemoryKind::global: return;  // someone else's memory
  }
}

SIM_API(cuMemAlloc_v2, (CUdeviceptr * out, size_t size), alloc(c, out, size, MemoryKind::device))

SIM_API(cuMemAllocPitch_v2,
        (CUdeviceptr * out, size_t* pitch, size_t width, size_t height, unsigned element), {
          require(pitch && width > 0 && height > 0 &&
                  (element == 4 || element == 8 || element == 16));
          const size_t rounded = (width + kPitch - 1) / kPitch * kPitch;
          alloc(c, out, rounded * height, MemoryKind::device);
          *pitch = rounded;
        })

SIM_API(cuMemAllocManaged, (CUdeviceptr * out, size_t size, unsigned flags),
        require(flags == CU_MEM_ATTACH_GLOBAL || flags == CU_MEM_ATTACH_HOST);
        alloc(c, out, size, MemoryKind::managed))

SIM_API(cuMemFree_v2, (CUdeviceptr address), free_device(c, address))

SIM_API(cuMemAllocHost_v2, (void** out, size_t size), alloc_host(c, out, size, 0))
SIM_API(cuMemHostAlloc, (void** out, size_t size, unsigned flags), require(flags <= 7);
        alloc_host(c, out, size, flags))
SIM_API(cuMemFreeHost, (void* p), free_host(c, p, MemoryKind::host, CUDA_ERROR_INVALID_VALUE))

SIM_API(cuMemHostRegister_v2, (void* p, size_t size, unsigned flags),
        register_host(c, p, size, flags))
SIM_API(cuMemHostRegister, (void* p, size_t size, unsigned flags), register_host(c, p, size, flags))
SIM_API(cuMemHostUnregister, (void* p),
        free_host(c, p, MemoryKind::registered, CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED))

SIM_API(cuMemHostGetDevicePointer_v2, (CUdeviceptr * out, void* p, unsigned flags),
        device_pointer(c, out, p, flags))
SIM_API(cuMemHostGetFlags, (unsigned* out, void* p), store(out, host_range(c, p).flags))

SIM_API(cuMemGetInfo_v2, (size_t * free, size_t* total), {
  const Device& device = c.driver.device(c.context()->device);
  store(free, device.total - device.used);
  store(total, device.total);
})

SIM_API(cuMemGetAddressRange_v2, (CUdeviceptr * base, size_t* size, CUdeviceptr address), {
  c.context();
  const Allocation* range = c.driver.memory.find(address);
  require(range && !range->free_queued, CUDA_ERROR_NOT_FOUND);
  store_if(base, range->base);
  store_if(size, range->size);
})

}  // namespace fib::sim
