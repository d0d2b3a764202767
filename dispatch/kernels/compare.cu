// SPDX-License-Identifier: Apache-2.0
// Compares what a candidate wrote with what the incumbent wrote. Only its PTX is built into
// libfibshim.so: after a change run scripts/gen_compare.
#include "dispatch/kernels/compare_core.h"

namespace fib::dispatch {
namespace {

__device__ CompareWord other_lane(CompareWord value, int distance) {
  return __shfl_down_sync(~0u, value, distance);
}

/// Lane 0 gets the sums of its warp. All lanes take part.
__device__ void sum_warp(CompareSums& sums) {
  for (int distance = 16; distance > 0; distance /= 2) {
    sums.mismatches += other_lane(sums.mismatches, distance);
    sums.special += other_lane(sums.special, distance);
    sums.canary += other_lane(sums.canary, distance);
    sums.first = max(sums.first, other_lane(sums.first, distance));
    sums.max_absolute = fmax(sums.max_absolute, __shfl_down_sync(~0u, sums.max_absolute, distance));
    sums.max_relative = fmax(sums.max_relative, __shfl_down_sync(~0u, sums.max_relative, distance));
  }
}

/// Of numbers that are not negative the order is that of their bits.
__device__ void raise(double& to, double value) {
  if (value > 0) {
    atomicMax(reinterpret_cast<CompareWord*>(&to),
              static_cast<CompareWord>(__double_as_longlong(value)));
  }
}

__device__ void add(CompareSums& to, const CompareSums& sums) {
  if (sums.mismatches != 0) atomicAdd(&to.mismatches, sums.mismatches);
  if (sums.special != 0) atomicAdd(&to.special, sums.special);
  if (sums.canary != 0) atomicAdd(&to.canary, sums.canary);
  if (sums.first != 0) atomicMax(&to.first, sums.first);
  raise(to.max_absolute, sums.max_absolute);
  raise(to.max_relative, sums.max_relative);
}

__device__ void compare(const CompareTask& task, unsigned number, CompareSums& to) {
  CompareSums sums{};
  const CompareWord step = CompareWord{gridDim.x} * kCompareThreads, chunks = compare_chunks(task);
  CompareWord chunk = CompareWord{blockIdx.x} * kCompareThreads + threadIdx.x;
  for (; chunk < chunks; chunk += step) compare_chunk(task, chunk, sums);
  if (blockIdx.x == number % gridDim.x) {
    for (unsigned i = threadIdx.x; i < 2 * kCanaryBytes; i += kCompareThreads)
      compare_canary(task, i, sums);
  }
  sum_warp(sums);
  if (threadIdx.x % 32 == 0) add(to, sums);
}

/// Whether this is the last block; it then sees what all others added. By one thread.
__device__ bool is_last(CompareScratch& scratch) {
  __threadfence();
  return atomicAdd(&scratch.blocks_done, 1) == gridDim.x - 1;
}

/// By one thread. Reads past the caches of this multiprocessor, which may be old.
__device__ void report(const CompareJob& job, CompareScratch& scratch) {
  auto& out = *reinterpret_cast<CompareReport*>(job.report);
  __threadfence();
  for (unsigned i = 0; i < job.count; ++i) {
    CompareSums sums;
    auto* from = reinterpret_cast<volatile CompareWord*>(&scratch.sums[i]);
    auto* to = reinterpret_cast<CompareWord*>(&sums);
    for (unsigned word = 0; word < sizeof sums / sizeof(CompareWord); ++word) {
      to[word] = from[word];
      from[word] = 0;
    }
    out.results[i] = sums.result();
  }
  scratch.blocks_done = 0;
  __threadfence_system();
  *reinterpret_cast<volatile CompareWord*>(&out.sequence) = job.sequence;
}

}  // namespace
}  // namespace fib::dispatch

/// Any grid along x of kCompareThreads threads per block.
extern "C" __global__ void __launch_bounds__(fib::dispatch::kCompareThreads)
    fib_compare(const __grid_constant__ fib::dispatch::CompareJob job) {
  using namespace fib::dispatch;
  auto& scratch = *reinterpret_cast<CompareScratch*>(job.scratch);
  for (unsigned i = 0; i < job.count; ++i) compare(job.tasks[i], i, scratch.sums[i]);
  __syncthreads();
  if (threadIdx.x == 0 && is_last(scratch)) report(job, scratch);
}
