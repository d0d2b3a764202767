// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <map>

#include "tests/sim_driver/api.h"
#include "tests/sim_driver/completion.h"

namespace fib::sim {

/// A freed block that the pool keeps. The stream that freed it may reuse it at once, the others
/// once the free is over.
struct IdleBlock {
  uintptr_t base;
  std::size_t size;
  uint64_t stream;  // its id
  CompletionPtr freed;
};

struct MemoryPool {
  CUmemoryPool handle = nullptr;
  int device = 0;
  CUmemPoolProps properties{};
  std::list<IdleBlock> idle;  // freed last first
  std::map<CUmemPool_attribute, uint64_t> attributes;
  std::map<int, CUmemAccess_flags> access;
  uint64_t reserved = 0, reserved_high = 0, used = 0, used_high = 0;  // bytes
};
using PoolPtr = std::shared_ptr<MemoryPool>;

CUmemoryPool create_pool(Driver& driver, int device, const CUmemPoolProps& properties);
/// A block of a pool was freed by cuMemFree: it leaves the pool.
void forget_block(Driver& driver, const struct Allocation& range);

}  // namespace fib::sim
