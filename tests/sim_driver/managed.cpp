// SPDX-License-Identifier: Apache-2.0
// Hints for managed memory, and occupancy: checked and otherwise ignored, or computed from limits.
#include "tests/sim_driver/driver.h"

namespace fib::sim {
namespace {

void check_range(Call& c, CUdeviceptr address, size_t bytes) {
  c.context();
  const Allocation* range = c.driver.memory.find(address);
  require(range && range->kind == MemoryKind::managed && address + bytes <= range->end());
}

void prefetch(Call& c, CUdeviceptr address, size_t bytes, CUstream on) {
  check_range(c, address, bytes);
  const StreamPtr stream = c.stream(on);
  guard_legacy(c, *stream);
  guard_not_capturing(*stream);
  enqueue(c.driver, stream, nullptr);
}

int active_blocks(Call& c, CUfunction f, int block, size_t dynamic_shared) {
  require(block > 0);
  const FunctionPtr function = function_to_launch(c, f);
  const FibsimAttributes& facts = function->kernel->entry->attributes;
  if (block > facts.max_threads) return 0;
  const int warps = (block + 31) / 32;
  const int by_threads = 2048 / (warps * 32);
  const int by_registers = 65536 / (facts.registers * warps * 32);
  const auto shared = static_cast<int>(dynamic_shared) + facts.static_shared + 1024;
  return std::min({32, by_threads, by_registers, 233472 / shared});
}

}  // namespace

SIM_API(cuMemAdvise, (CUdeviceptr address, size_t bytes, CUmem_advise, CUdevice),
        check_range(c, address, bytes))
SIM_API(cuMemAdvise_v2, (CUdeviceptr address, size_t bytes, CUmem_advise, CUmemLocation),
        check_range(c, address, bytes))
SIM_API_TWIN(cuMemPrefetchAsync, _ptsz,
             (CUdeviceptr address, size_t bytes, CUdevice, CUstream stream),
             prefetch(c, address, bytes, stream))
SIM_API_TWIN(cuMemPrefetchAsync_v2, _ptsz,
             (CUdeviceptr address, size_t bytes, CUmemLocation, unsigned, CUstream stream),
             prefetch(c, address, bytes, stream))

SIM_API(cuOccupancyMaxActiveBlocksPerMultiprocessor,
        (int* out, CUfunction f, int block, size_t shared),
        store(out, active_blocks(c, f, block, shared)))
SIM_API(cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags,
        (int* out, CUfunction f, int block, size_t shared, unsigned),
        store(out, active_blocks(c, f, block, shared)))

}  // namespace fib::sim
