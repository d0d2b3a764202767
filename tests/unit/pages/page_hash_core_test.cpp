// SPDX-License-Identifier: Apache-2.0
// The kernel's arithmetic on the CPU: every thread of its thread block in turn, against xxhash.
#include "pages/page_hash_core.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>
#include <vector>

#include "trace/checksum.h"

namespace fib::pages {
namespace {

static_assert(kPageBlocks * kBlockWords * sizeof(Word) == trace::kPageBytes);

using Page = std::vector<Word>;  ///< of kPageBytes

struct Halves {
  Word low, high;
  bool operator==(const Halves&) const = default;
};

/// As a thread block does it, with its threads in any order.
Halves emulate(const Page& page, std::mt19937_64& random) {
  const PageHashKeys keys = page_hash_keys();
  std::vector<unsigned> threads(kHashThreads);
  std::iota(threads.begin(), threads.end(), 0u);
  std::shuffle(threads.begin(), threads.end(), random);
  std::vector<Word> sums(kSums);
  const auto load = [&page](unsigned i, Word& a, Word& b) {
    a = page.at(i);
    b = page.at(i + 1);
  };
  for (const unsigned thread : threads) sum_block(keys, thread, load, sums.data());
  Word lanes[kLanes];
  for (unsigned lane = 0; lane < kLanes; ++lane) lanes[lane] = chain(keys, lane, sums.data());
  return {low_half(keys, lanes), high_half(keys, lanes)};
}

Halves expected(const Page& page) {
  const XXH128_hash_t hash = XXH3_128bits(page.data(), trace::kPageBytes);
  return {hash.low64, hash.high64};
}

class PageHashCore : public testing::Test {
 protected:
  Page page = Page(trace::kPageBytes / sizeof(Word));
  std::mt19937_64 random{20240229};
};

TEST_F(PageHashCore, RandomPages) {
  for (int i = 0; i < 500; ++i) {
    for (Word& word : page) word = random();
    ASSERT_EQ(expected(page), emulate(page, random)) << i;
  }
}

TEST_F(PageHashCore, UniformPages) {
  for (const Word value : {Word{0}, ~Word{0}, Word{0x00010001}, Word{0xffffffff}, Word{1} << 63,
                           Word{0xbe4ba423396cfeb8}}) {
    std::fill(page.begin(), page.end(), value);
    ASSERT_EQ(expected(page), emulate(page, random)) << std::hex << value;
  }
}

// Each word of the page has its place: none is used twice, left out or mixed up.
TEST_F(PageHashCore, EveryWordCounts) {
  for (std::size_t i = 0; i < page.size(); ++i) {
    page[i] = random();
    ASSERT_EQ(expected(page), emulate(page, random)) << i;
    page[i] = 0;
  }
}

TEST_F(PageHashCore, CanonicalOrderIsHighHalfFirst) {
  for (Word& word : page) word = random();
  const Halves halves = emulate(page, random);
  const trace::Hash hash = trace::content_hash(std::as_bytes(std::span(page)));
  for (unsigned i = 0; i < 8; ++i) {
    EXPECT_EQ(static_cast<std::uint8_t>(halves.high >> (56 - 8 * i)), hash[i]);
    EXPECT_EQ(static_cast<std::uint8_t>(halves.low >> (56 - 8 * i)), hash[8 + i]);
  }
}

}  // namespace
}  // namespace fib::pages
