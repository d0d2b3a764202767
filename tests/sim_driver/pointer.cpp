// SPDX-License-Identifier: Apache-2.0
// cuPointerGetAttribute(s).
#include <cstring>

#include "tests/sim_driver/driver.h"
#include "tests/sim_driver/memory.h"

namespace fib::sim {
namespace {

template <class T>
void write(void* out, const T& value) {
  std::memcpy(out, &value, sizeof value);
}

CUmemorytype type_of(const Allocation& range) {
  return range.host_side() ? CU_MEMORYTYPE_HOST : CU_MEMORYTYPE_DEVICE;
}

bool host_may_access(const Allocation& range) {
  return range.host_side() || range.kind == MemoryKind::managed;
}

/// False for an attribute that is not known, or does not exist for this memory.
bool write_attribute(void* out, CUpointer_attribute which, const Allocation& range,
                     CUdeviceptr address) {
  switch (which) {
    case CU_POINTER_ATTRIBUTE_CONTEXT: return write(out, range.context), range.context != nullptr;
    case CU_POINTER_ATTRIBUTE_MEMORY_TYPE: return write(out, type_of(range)), true;
    case CU_POINTER_ATTRIBUTE_DEVICE_POINTER: return write(out, address), true;
    case CU_POINTER_ATTRIBUTE_HOST_POINTER: return write(out, address), host_may_access(range);
    case CU_POINTER_ATTRIBUTE_SYNC_MEMOPS: return write(out, 0), true;
    case CU_POINTER_ATTRIBUTE_BUFFER_ID: return write(out, range.id), true;
    case CU_POINTER_ATTRIBUTE_IS_MANAGED:
      return write(out, int{range.kind == MemoryKind::managed}), true;
    case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL: return write(out, range.device), true;
    case CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE:
      return write(out, int{range.kind == MemoryKind::device}), true;
    case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
    case CU_POINTER_ATTRIBUTE_MAPPING_BASE_ADDR: return write(out, range.base), true;
    case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
    case CU_POINTER_ATTRIBUTE_MAPPING_SIZE: return write(out, range.size), true;
    case CU_POINTER_ATTRIBUTE_MAPPED: return write(out, 1), true;
    case CU_POINTER_ATTRIBUTE_ALLOWED_HANDLE_TYPES: return write(out, uint64_t{0}), true;
    case CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE: return write(out, range.pool), true;
    case CU_POINTER_ATTRIBUTE_MEMORY_BLOCK_ID: return write(out, range.id), true;
    default: return false;
  }
}

size_t width_of(CUpointer_attribute which) {
  switch (which) {
    case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
    case CU_POINTER_ATTRIBUTE_SYNC_MEMOPS:
    case CU_POINTER_ATTRIBUTE_IS_MANAGED:
    case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
    case CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE:
    case CU_POINTER_ATTRIBUTE_MAPPED: return sizeof(int);
    default: return sizeof(uint64_t);
  }
}

const Allocation* usable_range(Call& c, CUdeviceptr address) {
  const Allocation* range = c.driver.memory.find(address);
  return range && !range->free_queued ? range : nullptr;
}

}  // namespace

SIM_API(cuPointerGetAttribute, (void* out, CUpointer_attribute which, CUdeviceptr address), {
  c.context();
  require(out != nullptr);
  const Allocation* range = usable_range(c, address);
  require(range && write_attribute(out, which, *range, address));
})

// Unlike the single query, this one succeeds for any pointer: what is not there is zero.
SIM_API(cuPointerGetAttributes,
        (unsigned count, CUpointer_attribute* which, void** out, CUdeviceptr address), {
          c.context();
          require(count > 0 && which && out);
          const Allocation* range = usable_range(c, address);
          for (unsigned i = 0; i < count; ++i) {
            require(out[i] != nullptr);
            std::memset(out[i], 0, width_of(which[i]));
            if (range && !write_attribute(out[i], which[i], *range, address))
              std::memset(out[i], 0, width_of(which[i]));
          }
        })

SIM_API(cuPointerSetAttribute, (const void* value, CUpointer_attribute which, CUdeviceptr address),
        require(value&& which == CU_POINTER_ATTRIBUTE_SYNC_MEMOPS);
        require(usable_range(c, address) != nullptr))

}  // namespace fib::sim
