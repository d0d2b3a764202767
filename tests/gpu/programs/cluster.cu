// SPDX-License-Identifier: Apache-2.0
// Thread block clusters: size from a launch attribute, size compiled into the kernel, and a cluster
// of 16 that needs the non-portable attribute on the function. Blocks read each other's shared
// memory.
#include <cooperative_groups.h>

#include "check.h"

namespace {

constexpr int kBlocks = 16;

__device__ void write_neighbours_rank(int* out) {
#if __CUDA_ARCH__ >= 900
  __shared__ int mine;
  auto cluster = cooperative_groups::this_cluster();
  mine = int(cluster.block_rank());
  cluster.sync();
  const unsigned neighbour = (cluster.block_rank() + 1) % cluster.num_blocks();
  out[blockIdx.x] = *cluster.map_shared_rank(&mine, neighbour) + 100 * int(cluster.num_blocks());
  cluster.sync();
#endif
}

__global__ void by_attribute(int* out) { write_neighbours_rank(out); }
__global__ void __cluster_dims__(2, 1, 1) compiled_in(int* out) { write_neighbours_rank(out); }

bool ranks_are_right(const std::vector<int>& out, int cluster) {
  for (int i = 0; i < kBlocks; ++i) {
    if (out[i] != (i % cluster + 1) % cluster + 100 * cluster) return false;
  }
  return true;
}

void launch_with_clusters_of(unsigned size, int* out) {
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeClusterDimension;
  attribute.val.clusterDim.x = size;
  attribute.val.clusterDim.y = attribute.val.clusterDim.z = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(kBlocks);
  config.blockDim = dim3(1);
  config.attrs = &attribute;
  config.numAttrs = 1;
  CHECK_RT(cudaLaunchKernelEx(&config, by_attribute, out));
  CHECK(ranks_are_right(to_host(out, kBlocks), int(size)));
}

}  // namespace

int main() {
  if (compute_major() < 9) return skip("clusters need compute capability 9.0");
  auto* out = device_zeros<int>(kBlocks);
  for (unsigned size : {2u, 4u, 8u}) launch_with_clusters_of(size, out);
  CHECK_RT(cudaFuncSetAttribute(by_attribute, cudaFuncAttributeNonPortableClusterSizeAllowed, 1));
  launch_with_clusters_of(16, out);
  compiled_in<<<kBlocks, 1>>>(out);
  CHECK_RT(cudaGetLastError());
  CHECK(ranks_are_right(to_host(out, kBlocks), 2));
  return succeed();
}
