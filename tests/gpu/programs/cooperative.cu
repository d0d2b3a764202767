// SPDX-License-Identifier: Apache-2.0
// Cooperative launches: by cudaLaunchCooperativeKernel and by launch attribute. Every block adds
// what all blocks wrote before the grid-wide barrier, so a launch that lost the attribute fails or
// counts wrongly.
#include <cooperative_groups.h>

#include "check.h"

namespace {

constexpr int kBlocks = 32;

__global__ void sum_after_barrier(int* slots, int* sums) {
  slots[blockIdx.x] += 1;
  cooperative_groups::this_grid().sync();
  int sum = 0;
  for (int i = 0; i < kBlocks; ++i) sum += slots[i];
  sums[blockIdx.x] = sum;
}

void launch_by_attribute(int* slots, int* sums) {
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeCooperative;
  attribute.val.cooperative = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(kBlocks);
  config.blockDim = dim3(1);
  config.attrs = &attribute;
  config.numAttrs = 1;
  CHECK_RT(cudaLaunchKernelEx(&config, sum_after_barrier, slots, sums));
}

}  // namespace

int main() {
  auto* slots = device_zeros<int>(kBlocks);
  auto* sums = device_zeros<int>(kBlocks);
  void* arguments[] = {&slots, &sums};
  const auto* kernel = reinterpret_cast<const void*>(&sum_after_barrier);
  for (int i = 1; i <= 10; ++i) {
    CHECK_RT(cudaLaunchCooperativeKernel(kernel, dim3(kBlocks), dim3(1), arguments, 0, nullptr));
    CHECK(all_equal(to_host(sums, kBlocks), i * kBlocks));
  }
  launch_by_attribute(slots, sums);
  CHECK(all_equal(to_host(sums, kBlocks), 11 * kBlocks));
  return succeed();
}
