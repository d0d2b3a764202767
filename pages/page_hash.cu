// SPDX-License-Identifier: Apache-2.0
// The GPU's half of trace::content_hash. Only its PTX is built into libfibshim.so: after a change
// run scripts/gen_page_hash.
#include "pages/page_hash_core.h"

namespace fib::pages {

__constant__ PageHashKeys page_hash_constants = page_hash_keys();

namespace {

constexpr unsigned kChainThreads = kHashGroup * kLanes;
static_assert(kChainThreads <= 32, "one warp walks all chains of a group");

struct Shared {
  PageHashKeys keys;  ///< constant memory serves one address at a time; here they differ
  Word sums[kHashGroup][kSums + kLanes];  ///< the gap keeps chains in different banks
  Word pages[kHashGroup];
};

__device__ void copy_keys(PageHashKeys& to) {
  constexpr unsigned kWords = sizeof(PageHashKeys) / sizeof(Word);
  const auto* from = reinterpret_cast<const Word*>(&page_hash_constants);
  if (threadIdx.x < kWords) reinterpret_cast<Word*>(&to)[threadIdx.x] = from[threadIdx.x];
}

/// Every byte is read once and by this thread block alone: no cache needs to keep it.
__device__ void sum_page(const PageHashKeys& keys, Word address, Word* sums) {
  const auto* page = reinterpret_cast<const Word*>(address);
  if (address % 16 == 0) {
    sum_block(
        keys, threadIdx.x,
        [page](unsigned i, Word& a, Word& b) {
          const ulonglong2 both = __ldcs(reinterpret_cast<const ulonglong2*>(page + i));
          a = both.x;
          b = both.y;
        },
        sums);
  } else {
    sum_block(
        keys, threadIdx.x,
        [page](unsigned i, Word& a, Word& b) {
          a = __ldcs(page + i);
          b = __ldcs(page + i + 1);
        },
        sums);
  }
}

__device__ Word big_endian(Word value) {
  const auto high = static_cast<unsigned>(value >> 32), low = static_cast<unsigned>(value);
  return static_cast<Word>(__byte_perm(low, 0, 0x0123)) << 32 | __byte_perm(high, 0, 0x0123);
}

/// By the first warp, eight threads per page. Each lane's final value takes the place of its first
/// sum, which no other thread reads.
__device__ void finish_pages(Shared& shared, unsigned count, unsigned char* hashes) {
  const unsigned page = threadIdx.x / kLanes, lane = threadIdx.x % kLanes;
  Word* const sums = shared.sums[page < count ? page : 0];
  if (page < count) sums[lane] = chain(shared.keys, lane, sums);
  __syncwarp();
  if (page >= count || lane > 1) return;
  const Word half = lane == 0 ? high_half(shared.keys, sums) : low_half(shared.keys, sums);
  reinterpret_cast<Word*>(hashes)[2 * page + lane] = big_endian(half);
}

}  // namespace
}  // namespace fib::pages

/// Hashes `count` pages at 8-byte aligned addresses to 16 bytes each, in canonical byte order. Any
/// grid of kHashThreads threads per block.
extern "C" __global__ void __launch_bounds__(fib::pages::kHashThreads, 4)
    fib_page_hash(const unsigned long long* addresses, unsigned char* hashes, unsigned count) {
  using namespace fib::pages;
  __shared__ Shared shared;
  copy_keys(shared.keys);
  const unsigned share = (count + gridDim.x - 1) / gridDim.x;
  const unsigned group = share < kHashGroup ? share : kHashGroup;
  const bool fetches = threadIdx.x < group;
  unsigned first = blockIdx.x * group;
  // Addresses lie in host memory: each is asked for one round ahead.
  Word next = fetches && first + threadIdx.x < count ? addresses[first + threadIdx.x] : 0;
  while (first < count) {
    const unsigned pages = count - first < group ? count - first : group;
    if (fetches) shared.pages[threadIdx.x] = next;
    __syncthreads();  // besides, the sums of the last round are no longer needed
    const unsigned ahead = first + gridDim.x * group;
    if (fetches && ahead + threadIdx.x < count) next = addresses[ahead + threadIdx.x];
    for (unsigned i = 0; i < pages; ++i) sum_page(shared.keys, shared.pages[i], shared.sums[i]);
    __syncthreads();
    if (threadIdx.x < kChainThreads) finish_pages(shared, pages, hashes + 16ull * first);
    first = ahead;
  }
}
