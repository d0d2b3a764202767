// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "tests/sim_driver/api.h"
#include "tests/sim_driver/memory_map.h"

namespace fib::sim {

/// Takes device memory, counted against the device's total.
Allocation& allocate_device(Driver& driver, const Context& context, std::size_t size,
                            MemoryKind kind);
/// Removes a live range and gives back what is behind it.
void free_allocation(Driver& driver, const Allocation& range);

inline void* pointer(CUdeviceptr address) { return reinterpret_cast<void*>(address); }
inline CUdeviceptr address_of(const void* p) { return reinterpret_cast<CUdeviceptr>(p); }

}  // namespace fib::sim
