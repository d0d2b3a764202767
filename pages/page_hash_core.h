// SPDX-License-Identifier: Apache-2.0
#pragma once

/// XXH3-128 (seed 0, default secret) of a page of exactly 65536 bytes, cut into pieces that run in
/// parallel. Shared by page_hash.cu and the test that compares it with xxhash on the CPU.
///
/// XXH3 keeps eight accumulators of 64 bits ("lanes"). The page is 64 blocks of 16 stripes of 64
/// bytes. Within a block the stripes are simply added up, in any order; between blocks the lanes
/// are scrambled. So each of 256 threads first adds up two lanes of one block (sum_block), and then
/// one thread per lane walks over the 64 sums (chain). The very last stripe has a secret of its
/// own, and no scramble follows it.

#ifdef __CUDACC__
#define FIB_PAGES_DEVICE __host__ __device__ inline
#else
#define FIB_PAGES_DEVICE inline
#endif

namespace fib::pages {

using Word = unsigned long long;

inline constexpr unsigned kPageBlocks = 64, kLanes = 8, kBlockStripes = 16;
inline constexpr unsigned kBlockWords = kBlockStripes * kLanes;
inline constexpr unsigned kSums = kPageBlocks * kLanes;
/// Per page: each adds up two lanes of one block.
inline constexpr unsigned kHashThreads = kPageBlocks * kLanes / 2;
/// Pages that a thread block hashes side by side, so that their chains overlap.
inline constexpr unsigned kHashGroup = 4;

inline constexpr Word kPrime32_1 = 0x9E3779B1, kPrime32_2 = 0x85EBCA77, kPrime32_3 = 0xC2B2AE3D;
inline constexpr Word kPrime64_1 = 0x9E3779B185EBCA87, kPrime64_2 = 0xC2B2AE3D27D4EB4F,
                      kPrime64_3 = 0x165667B19E3779F9, kPrime64_4 = 0x85EBCA77C2B2AE63,
                      kPrime64_5 = 0x27D4EB2F165667C5;

/// The secret as XXH3 reads it: at every eighth byte, and from three odd places.
struct PageHashKeys {
  Word secret[24];
  Word last[kLanes];   ///< of the last stripe
  Word low[kLanes];    ///< of the merge to the low half
  Word high[kLanes];   ///< of the merge to the high half
  Word start[kLanes];  ///< what the lanes begin with
};

constexpr PageHashKeys page_hash_keys() {
  PageHashKeys keys{
      {0xbe4ba423396cfeb8, 0x1cad21f72c81017c, 0xdb979083e96dd4de, 0x1f67b3b7a4a44072,
       0x78e5c0cc4ee679cb, 0x2172ffcc7dd05a82, 0x8e2443f7744608b8, 0x4c263a81e69035e0,
       0xcb00c391bb52283c, 0xa32e531b8b65d088, 0x4ef90da297486471, 0xd8acdea946ef1938,
       0x3f349ce33f76faa8, 0x1d4f0bc7c7bbdcf9, 0x3159b4cd4be0518a, 0x647378d9c97e9fc8,
       0xc3ebd33483acc5ea, 0xeb6313faffa081c5, 0x49daf0b751dd0d17, 0x9e68d429265516d3,
       0xfca1477d58be162b, 0xce31d07ad1b8f88f, 0x280416958f3acb45, 0x7e404bbbcafbd7af},
      {},
      {},
      {},
      {kPrime32_3, kPrime64_1, kPrime64_2, kPrime64_3, kPrime64_4, kPrime32_2, kPrime64_5,
       kPrime32_1}};
  const auto at = [&keys](unsigned byte) {
    const unsigned shift = byte % 8 * 8;
    const Word word = keys.secret[byte / 8] >> shift;
    return shift == 0 ? word : word | keys.secret[byte / 8 + 1] << (64 - shift);
  };
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    keys.last[lane] = at(121 + 8 * lane);
    keys.low[lane] = at(11 + 8 * lane);
    keys.high[lane] = at(117 + 8 * lane);
  }
  return keys;
}

/// Adds up lanes 2 * (thread % 4) and the next of block thread / 4. `load(i, a, b)` gives the words
/// i and i + 1 of the page; i is even.
template <class Load>
FIB_PAGES_DEVICE void sum_block(const PageHashKeys& keys, unsigned thread, Load load, Word* sums) {
  const unsigned block = thread / 4, lane = thread % 4 * 2;
  Word even = 0, odd = 0;
#ifdef __CUDA_ARCH__
#pragma unroll
#endif
  for (unsigned stripe = 0; stripe < kBlockStripes; ++stripe) {
    Word a, b;
    load(block * kBlockWords + stripe * kLanes + lane, a, b);
    const bool last = block == kPageBlocks - 1 && stripe == kBlockStripes - 1;
    const Word* const key = last ? keys.last + lane : keys.secret + stripe + lane;
    const Word keyed_a = a ^ key[0], keyed_b = b ^ key[1];
    even += b + (keyed_a & 0xffffffff) * (keyed_a >> 32);
    odd += a + (keyed_b & 0xffffffff) * (keyed_b >> 32);
  }
  sums[block * kLanes + lane] = even;
  sums[block * kLanes + lane + 1] = odd;
}

/// The final value of one lane.
FIB_PAGES_DEVICE Word chain(const PageHashKeys& keys, unsigned lane, const Word* sums) {
  const Word key = keys.secret[16 + lane];
  Word value = keys.start[lane];
#ifdef __CUDA_ARCH__
#pragma unroll 8
#endif
  for (unsigned block = 0; block < kPageBlocks - 1; ++block) {
    value += sums[block * kLanes + lane];
    value ^= value >> 47;
    value ^= key;
    value *= kPrime32_1;
  }
  return value + sums[(kPageBlocks - 1) * kLanes + lane];
}

FIB_PAGES_DEVICE Word multiply_and_fold(Word a, Word b) {
#ifdef __CUDA_ARCH__
  return a * b ^ __umul64hi(a, b);
#else
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<Word>(product) ^ static_cast<Word>(product >> 64);
#endif
}

FIB_PAGES_DEVICE Word merge(const Word* lanes, const Word* keys, Word start) {
  Word value = start;
  for (unsigned i = 0; i < kLanes; i += 2)
    value += multiply_and_fold(lanes[i] ^ keys[i], lanes[i + 1] ^ keys[i + 1]);
  value ^= value >> 37;
  value *= 0x165667919E3779F9;
  return value ^ value >> 32;
}

FIB_PAGES_DEVICE Word low_half(const PageHashKeys& keys, const Word* lanes) {
  return merge(lanes, keys.low, 65536 * kPrime64_1);
}
FIB_PAGES_DEVICE Word high_half(const PageHashKeys& keys, const Word* lanes) {
  return merge(lanes, keys.high, ~(65536 * kPrime64_2));
}

}  // namespace fib::pages
