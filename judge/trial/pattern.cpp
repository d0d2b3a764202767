// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/pattern.h"

#include <algorithm>
#include <cstring>

namespace fib::judge {
namespace {

/// splitmix64, by its published constants.
std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15u;

}  // namespace

void fill_pattern(std::span<std::byte> bytes, std::uint64_t seed, std::uint32_t pattern,
                  std::uint64_t at) {
  const std::uint64_t base = mixed(seed + (pattern / 2 + 1) * kStep);
  const std::uint64_t flip = pattern % 2 == 0 ? 0 : ~std::uint64_t{0};
  for (std::size_t done = 0; done < bytes.size();) {
    const std::uint64_t place = (at + done) % kPatternBytes;
    const std::uint64_t word = mixed(base + place / 8 * kStep) ^ flip;
    const std::size_t skip = place % 8;
    const std::size_t n = std::min<std::size_t>(8 - skip, bytes.size() - done);
    std::memcpy(bytes.data() + done, reinterpret_cast<const std::byte*>(&word) + skip, n);
    done += n;
  }
}

std::uint64_t Random::next() { return mixed(state_ += kStep); }

// The bias is below 2^-24 for all sizes that memory can have. No division: inputs have many values.
std::uint64_t Random::below(std::uint64_t bound) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>(Wide{next()} * bound >> 64);
}

}  // namespace fib::judge
