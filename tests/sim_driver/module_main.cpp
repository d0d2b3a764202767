// SPDX-License-Identifier: Apache-2.0
// Linked into every simulated module: its descriptor and the loop over the grid.
#include "tests/sim_driver/sim_kernel.h"

namespace fib::sim {

namespace {

void run_block(const FibsimKernel& kernel, FibsimIndex& index, const std::byte* params) {
  const FibsimDim block = index.block;
  for (uint32_t z = 0; z < block.z; ++z)
    for (uint32_t y = 0; y < block.y; ++y)
      for (uint32_t x = 0; x < block.x; ++x) {
        index.thread_index = {x, y, z};
        kernel.thread(params);
      }
}

void run_grid(const FibsimKernel* kernel, const FibsimGeometry* geometry, const std::byte* params) {
  FibsimIndex& index = *fibsim_module.index();
  const FibsimDim grid = geometry->grid;
  index.grid = grid;
  index.block = geometry->block;
  for (uint32_t z = 0; z < grid.z; ++z)
    for (uint32_t y = 0; y < grid.y; ++y)
      for (uint32_t x = 0; x < grid.x; ++x) {
        index.block_index = {x, y, z};
        run_block(*kernel, index, params);
      }
}

}  // namespace
}  // namespace fib::sim

extern "C" {
// Constant-initialised, so the entries of other files may link themselves in, in any order.
FIBSIM_EXPORT constinit FibsimModule fibsim_module{fib::sim::kImageVersion, nullptr, nullptr,
                                                   &fib::sim::run_grid, nullptr};
}

namespace fib::sim {

void add_kernel(FibsimKernel& kernel) {
  kernel.next = fibsim_module.kernels;
  fibsim_module.kernels = &kernel;
}

void add_global(FibsimGlobal& global) {
  global.next = fibsim_module.globals;
  fibsim_module.globals = &global;
}

}  // namespace fib::sim
