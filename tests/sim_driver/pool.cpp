// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/pool.h"

#include <algorithm>
#include <cstring>

#include "tests/sim_driver/driver.h"
#include "tests/sim_driver/memory.h"

namespace fib::sim {

CUmemoryPool create_pool(Driver& driver, int device, const CUmemPoolProps& properties) {
  auto pool = std::make_shared<MemoryPool>();
  pool->device = device;
  pool->properties = properties;
  pool->access[device] = CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
  pool->handle = driver.pools.insert(pool);
  return pool->handle;
}

}  // namespace fib::sim
