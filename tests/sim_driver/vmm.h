// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "driver/cuda_abi.h"

namespace fib::sim {

inline constexpr std::size_t kVmmGranularity = std::size_t{2} << 20;

/// Physical memory of cuMemCreate: a memfd, which every mapping shares.
struct PhysicalMemory {
  int fd = -1;
  std::size_t size = 0;
  CUmemAllocationProp properties{};
  int references = 1;  // cuMemCreate + cuMemRetainAllocationHandle; mappings hold the shared_ptr

  PhysicalMemory() = default;
  ~PhysicalMemory();
  PhysicalMemory(const PhysicalMemory&) = delete;
  PhysicalMemory& operator=(const PhysicalMemory&) = delete;
};

/// Reservations and physical memory. Guarded by the driver lock.
struct Vmm {
  std::map<uintptr_t, std::size_t> reservations;
  std::map<CUmemGenericAllocationHandle, std::shared_ptr<PhysicalMemory>> handles;
  std::map<uintptr_t, std::shared_ptr<PhysicalMemory>>
      mappings;  // by address; sizes are in MemoryMap
  CUmemGenericAllocationHandle next_handle = 1;
};

}  // namespace fib::sim
