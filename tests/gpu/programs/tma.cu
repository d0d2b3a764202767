// SPDX-License-Identifier: Apache-2.0
// Tensor maps: 128-byte descriptors that the host encodes, which hold addresses in bits of their
// own and travel inside the parameters. A tile goes through shared memory by TMA and comes back
// doubled.
#include <cudaTypedefs.h>

#include <cuda/barrier>
#include <utility>

#include "check.h"

namespace {

constexpr int kTile = 64, kSide = 512;

#if __CUDA_ARCH__ >= 900
namespace cde = cuda::device::experimental;
using Barrier = cuda::barrier<cuda::thread_scope_block>;
#endif

__global__ void twice(const __grid_constant__ CUtensorMap in,
                      const __grid_constant__ CUtensorMap out) {
#if __CUDA_ARCH__ >= 900
  __shared__ alignas(128) int tile[kTile][kTile];
#pragma nv_diag_suppress static_var_with_dynamic_init
  __shared__ Barrier barrier;
  const int x = int(blockIdx.x) * kTile, y = int(blockIdx.y) * kTile;
  if (threadIdx.x == 0) {
    init(&barrier, blockDim.x);
    cde::fence_proxy_async_shared_cta();
  }
  __syncthreads();
  Barrier::arrival_token token;
  if (threadIdx.x == 0) {
    cde::cp_async_bulk_tensor_2d_global_to_shared(&tile, &in, x, y, barrier);
    token = cuda::device::barrier_arrive_tx(barrier, 1, sizeof tile);
  } else {
    token = barrier.arrive();
  }
  barrier.wait(std::move(token));
  for (int i = int(threadIdx.x); i < kTile * kTile; i += int(blockDim.x))
    tile[i / kTile][i % kTile] *= 2;
  cde::fence_proxy_async_shared_cta();
  __syncthreads();
  if (threadIdx.x == 0) {
    cde::cp_async_bulk_tensor_2d_shared_to_global(&out, x, y, &tile);
    cde::cp_async_bulk_commit_group();
    cde::cp_async_bulk_wait_group_read<0>();
  }
#endif
}

CUtensorMap map_of(int* data) {
  static PFN_cuTensorMapEncodeTiled_v12000 encode = nullptr;
  if (encode == nullptr) {
    cudaDriverEntryPointQueryResult found{};
    void* symbol = nullptr;
    CHECK_RT(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &symbol, 12000,
                                              cudaEnableDefault, &found));
    CHECK(found == cudaDriverEntryPointSuccess);
    encode = reinterpret_cast<PFN_cuTensorMapEncodeTiled_v12000>(symbol);
  }
  CUtensorMap map{};
  const cuuint64_t size[] = {kSide, kSide}, stride[] = {kSide * sizeof(int)};
  const cuuint32_t box[] = {kTile, kTile}, element_stride[] = {1, 1};
  CHECK_DRV(encode(&map, CU_TENSOR_MAP_DATA_TYPE_INT32, 2, data, size, stride, box, element_stride,
                   CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_NONE,
                   CU_TENSOR_MAP_L2_PROMOTION_NONE, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE));
  return map;
}

}  // namespace

int main() {
  if (compute_major() < 9) return skip("tensor maps need compute capability 9.0");
  constexpr std::size_t kCount = std::size_t{kSide} * kSide;
  auto* a = device_zeros<int>(kCount);
  auto* b = device_zeros<int>(kCount);
  CHECK_RT(cudaMemcpy(a, std::vector<int>(kCount, 3).data(), kCount * sizeof(int),
                      cudaMemcpyHostToDevice));
  const CUtensorMap from = map_of(a), to = map_of(b);
  const dim3 grid(kSide / kTile, kSide / kTile);
  for (int i = 0; i < 4; ++i) {
    twice<<<grid, 128>>>(from, to);
    twice<<<grid, 128>>>(to, from);
  }
  CHECK_RT(cudaGetLastError());
  CHECK(all_equal(to_host(a, kCount), 3 * 256));
  return succeed();
}
