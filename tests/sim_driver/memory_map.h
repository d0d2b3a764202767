// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "driver/cuda_abi.h"

namespace fib::sim {

enum class MemoryKind { device, managed, host, registered, pool, mapped, global };

/// One live range. Everything is host memory at its real address: a device pointer is the host
/// pointer.
struct Allocation {
  uintptr_t base = 0;
  std::size_t size = 0;  // bytes, as asked for
  MemoryKind kind = MemoryKind::device;
  CUcontext context = nullptr;  // null for pool and mapped memory
  int device = 0;
  uint64_t id = 0;
  unsigned flags = 0;
  CUmemoryPool pool = nullptr;
  CUmemGenericAllocationHandle handle = 0;  // mapped memory
  std::map<int, CUmemAccess_flags> access;  // mapped memory, by device
  bool free_queued = false;  // cuMemFreeAsync was called: no longer usable by new calls

  uintptr_t end() const { return base + size; }
  bool host_side() const { return kind == MemoryKind::host || kind == MemoryKind::registered; }
};

/// Live ranges by address, and the heap that device memory is cut from. Guarded by the driver lock.
class MemoryMap {
 public:
  /// Fails with OUT_OF_MEMORY. Memory is aligned to 512 bytes (2 MiB from 1 MiB on), and at least
  /// 16 bytes behind it are mapped, so that a kernel's off-by-one write hits memory, as on a GPU.
  uintptr_t allocate(std::size_t size);
  /// Back to the heap; the range must have been removed.
  void release(uintptr_t base, std::size_t size);

  Allocation& add(Allocation allocation);
  void remove(uintptr_t base) { live_.erase(base); }

  /// The live range that holds the address; null if there is none.
  Allocation* find(uintptr_t address);
  Allocation* find_base(uintptr_t base);
  const std::map<uintptr_t, Allocation>& live() const { return live_; }

  /// True if the device may access all bytes. Ranges of mapped memory may continue each other.
  bool accessible(uintptr_t address, std::size_t size, int device, bool write);
  /// True if the address was cut from the heap and is not live now.
  bool dangling(uintptr_t address);

 private:
  uintptr_t cut(std::size_t bytes);
  void merge(uintptr_t base, std::size_t bytes);

  std::map<uintptr_t, Allocation> live_;
  std::map<uintptr_t, std::size_t> free_;      // unused parts of segments
  std::map<uintptr_t, std::size_t> segments_;  // all that is mapped by the heap
  uint64_t next_id_ = 1;
};

}  // namespace fib::sim
