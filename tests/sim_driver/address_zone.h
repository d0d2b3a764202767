// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

/// Where device addresses come from: a zone of the address space, below what the system maps by
/// itself, that starts elsewhere in every process. So an address of one process is free in another
/// one that asks for it before it allocates, as with the real driver. Guarded by the driver lock.
namespace fib::sim {

/// Maps `bytes` anonymously at a multiple of `alignment` (both multiples of 4096, `alignment` a
/// power of two). Ranges that were given back are used again first. 0 if there is no room.
uintptr_t map_in_zone(std::size_t bytes, std::size_t alignment, int protection);
void unmap_from_zone(uintptr_t base, std::size_t bytes);

/// The same exactly at `base`; 0 if any of it is taken.
uintptr_t map_exactly(uintptr_t base, std::size_t bytes, int protection);

/// FIBSIM_TAKEN: from now on nobody can have these addresses.
void take_addresses();

}  // namespace fib::sim
