// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/pool.h"

#include <algorithm>
#include <cstring>

#include "tests/sim_driver/driver.h"
#include "tests/sim_driver/memory.h"

namespace fib::sim {
namespace {

constexpr uint64_t kPoolGranule = 512;

PoolPtr find_pool(const Driver& driver, CUmemoryPool handle) {
  PoolPtr pool = driver.pools.find(handle);
  require(pool != nullptr);
  return pool;
}

size_t rounded(size_t size) { return (size + kPoolGranule - 1) / kPoolGranule * kPoolGranule; }

/// A kept block of exactly this size that the stream may use now.
bool take_idle(MemoryPool& pool, const Stream& stream, size_t size, uintptr_t& base) {
  for (auto it = pool.idle.begin(); it != pool.idle.end(); ++it) {
    if (it->size != size || (it->stream != stream.id && !it->freed->done())) continue;
    base = it->base;
    pool.idle.erase(it);
    return true;
  }
  return false;
}

uintptr_t take_new(Driver& driver, MemoryPool& pool, size_t size) {
  Device& device = driver.device(pool.device);
  require(size <= device.total - device.used, CUDA_ERROR_OUT_OF_MEMORY);
  const uintptr_t base = driver.memory.allocate(size);
  device.used += size;
  pool.reserved += size;
  pool.reserved_high = std::max(pool.reserved_high, pool.reserved);
  return base;
}

void alloc_async(Call& c, CUdeviceptr* out, size_t size, CUmemoryPool handle, CUstream on) {
  const StreamPtr stream = c.stream(on);
  require(out && size > 0);
  guard_legacy(c, *stream);
  require(!stream->capture, CUDA_ERROR_NOT_SUPPORTED);  // memory nodes are not simulated
  guard_unsafe_call(c);
  const PoolPtr pool =
      find_pool(c.driver, handle ? handle : c.driver.device(stream->device).current_pool);
  Allocation range;
  range.size = rounded(size);
  if (!take_idle(*pool, *stream, range.size, range.base))
    range.base = take_new(c.driver, *pool, range.size);
  range.kind = MemoryKind::pool;
  range.device = pool->device;
  range.pool = pool->handle;
  pool->used += range.size;
  pool->used_high = std::max(pool->used_high, pool->used);
  c.driver.memory.add(range);
  *out = range.base;
}

/// For new calls the block is gone at once; it stays mapped, and the pool reuses it in stream
/// order.
void free_async(Call& c, CUdeviceptr address, CUstream on) {
  const StreamPtr stream = c.stream(on);
  guard_legacy(c, *stream);
  require(!stream->capture, CUDA_ERROR_NOT_SUPPORTED);
  const Allocation* range = c.driver.memory.find_base(address);
  require(range && !range->free_queued);
  require(range->kind == MemoryKind::pool || range->kind == MemoryKind::device);
  const Allocation freed = *range;
  c.driver.memory.find_base(address)->free_queued = true;
  const CompletionPtr done = enqueue(c.driver, stream, nullptr);
  if (freed.kind == MemoryKind::device) {
    wait_for(c, {done});
    return free_allocation(c.driver, freed);
  }
  c.driver.memory.remove(address);
  const PoolPtr pool = find_pool(c.driver, freed.pool);
  pool->used -= freed.size;
  pool->idle.push_front({freed.base, freed.size, stream->id, done});
}

void trim(Driver& driver, MemoryPool& pool, size_t keep) {
  for (auto it = pool.idle.begin(); it != pool.idle.end() && pool.reserved > keep;) {
    if (!it->freed->done()) {
      ++it;
      continue;
    }
    driver.memory.release(it->base, it->size);
    driver.device(pool.device).used -= it->size;
    pool.reserved -= it->size;
    it = pool.idle.erase(it);
  }
}

void destroy(Call& c, CUmemoryPool handle) {
  const PoolPtr pool = find_pool(c.driver, handle);
  Device& device = c.driver.device(pool->device);
  require(handle != device.default_pool);
  if (device.current_pool == handle) device.current_pool = device.default_pool;
  trim(c.driver, *pool, 0);
  c.driver.pools.erase(handle);
}

uint64_t* counter(MemoryPool& pool, CUmemPool_attribute which) {
  switch (which) {
    case CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT: return &pool.reserved;
    case CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH: return &pool.reserved_high;
    case CU_MEMPOOL_ATTR_USED_MEM_CURRENT: return &pool.used;
    case CU_MEMPOOL_ATTR_USED_MEM_HIGH: return &pool.used_high;
    default: return nullptr;
  }
}

bool is_int(CUmemPool_attribute which) { return which < CU_MEMPOOL_ATTR_RELEASE_THRESHOLD; }

void get_attribute(MemoryPool& pool, CUmemPool_attribute which, void* out) {
  require(out && which >= CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES &&
          which <= CU_MEMPOOL_ATTR_USED_MEM_HIGH);
  if (const uint64_t* bytes = counter(pool, which)) {
    std::memcpy(out, bytes, sizeof *bytes);
  } else if (is_int(which)) {
    const auto set = pool.attributes.find(which);
    const int value = set == pool.attributes.end() ? 1 : static_cast<int>(set->second);
    std::memcpy(out, &value, sizeof value);
  } else {
    std::memcpy(out, &pool.attributes[which], sizeof(uint64_t));
  }
}

void set_attribute(MemoryPool& pool, CUmemPool_attribute which, const void* in) {
  require(in && which >= CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES &&
          which <= CU_MEMPOOL_ATTR_USED_MEM_HIGH);
  uint64_t value = 0;
  std::memcpy(&value, in, is_int(which) ? sizeof(int) : sizeof value);
  uint64_t* high = counter(pool, which);
  if (!high) {
    pool.attributes[which] = value;
    return;
  }
  // High-water marks can only be reset.
  const bool resettable =
      which == CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH || which == CU_MEMPOOL_ATTR_USED_MEM_HIGH;
  require(resettable && value == 0);
  *high = which == CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH ? pool.reserved : pool.used;
}

int device_in(Call& c, const CUmemLocation* location) {
  require(location && location->type == CU_MEM_LOCATION_TYPE_DEVICE, CUDA_ERROR_NOT_SUPPORTED);
  return c.driver.device(location->id).ordinal;
}

void set_current(Call& c, CUdevice ordinal, CUmemoryPool handle) {
  Device& device = c.driver.device(ordinal);
  require(find_pool(c.driver, handle)->device == ordinal);
  device.current_pool = handle;
}

}  // namespace

void forget_block(Driver& driver, const Allocation& range) {
  const PoolPtr pool = driver.pools.find(range.pool);
  if (!pool) return;
  pool->used -= range.size;
  pool->reserved -= range.size;
}

CUmemoryPool create_pool(Driver& driver, int device, const CUmemPoolProps& properties) {
  auto pool = std::make_shared<MemoryPool>();
  pool->device = device;
  pool->properties = properties;
  pool->access[device] = CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
  pool->handle = driver.pools.insert(pool);
  return pool->handle;
}

SIM_API_TWIN(cuMemAllocAsync, _ptsz, (CUdeviceptr * out, size_t size, CUstream stream),
             alloc_async(c, out, size, nullptr, stream))
SIM_API_TWIN(cuMemAllocFromPoolAsync, _ptsz,
             (CUdeviceptr * out, size_t size, CUmemoryPool pool, CUstream stream),
             require(pool != nullptr);
             alloc_async(c, out, size, pool, stream))
SIM_API_TWIN(cuMemFreeAsync, _ptsz, (CUdeviceptr address, CUstream stream),
             free_async(c, address, stream))

SIM_API(cuMemPoolCreate, (CUmemoryPool * out, const CUmemPoolProps* properties),
        require(out&& properties && properties->allocType == CU_MEM_ALLOCATION_TYPE_PINNED);
        *out = create_pool(c.driver, device_in(c, &properties->location), *properties))
SIM_API(cuMemPoolDestroy, (CUmemoryPool pool), destroy(c, pool))
SIM_API(cuMemPoolTrimTo, (CUmemoryPool pool, size_t keep),
        trim(c.driver, *find_pool(c.driver, pool), keep))
SIM_API(cuMemPoolGetAttribute, (CUmemoryPool pool, CUmemPool_attribute which, void* out),
        get_attribute(*find_pool(c.driver, pool), which, out))
SIM_API(cuMemPoolSetAttribute, (CUmemoryPool pool, CUmemPool_attribute which, void* value),
        set_attribute(*find_pool(c.driver, pool), which, value))

SIM_API(cuMemPoolSetAccess, (CUmemoryPool handle, const CUmemAccessDesc* map, size_t count), {
  const PoolPtr pool = find_pool(c.driver, handle);
  require(map || count == 0);
  for (size_t i = 0; i < count; ++i) pool->access[device_in(c, &map[i].location)] = map[i].flags;
})
SIM_API(cuMemPoolGetAccess, (CUmemAccess_flags * out, CUmemoryPool handle, CUmemLocation* location),
        {
          const PoolPtr pool = find_pool(c.driver, handle);
          const auto set = pool->access.find(device_in(c, location));
          store(out, set == pool->access.end() ? CU_MEM_ACCESS_FLAGS_PROT_NONE : set->second);
        })

SIM_API(cuDeviceGetDefaultMemPool, (CUmemoryPool * out, CUdevice device),
        store(out, c.driver.device(device).default_pool))
SIM_API(cuDeviceGetMemPool, (CUmemoryPool * out, CUdevice device),
        store(out, c.driver.device(device).current_pool))
SIM_API(cuDeviceSetMemPool, (CUdevice device, CUmemoryPool pool), set_current(c, device, pool))
SIM_API(cuMemGetDefaultMemPool, (CUmemoryPool * out, CUmemLocation* location, CUmemAllocationType),
        store(out, c.driver.device(device_in(c, location)).default_pool))
SIM_API(cuMemGetMemPool, (CUmemoryPool * out, CUmemLocation* location, CUmemAllocationType),
        store(out, c.driver.device(device_in(c, location)).current_pool))
SIM_API(cuMemSetMemPool, (CUmemLocation * location, CUmemAllocationType, CUmemoryPool pool),
        set_current(c, device_in(c, location), pool))

}  // namespace fib::sim
