// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fib::judge {

/// After so many bytes a pattern repeats itself, so that few pages of it make up any memory. A
/// prime number of pages: no stride of a tensor is likely to be a multiple.
inline constexpr std::uint64_t kPatternBytes = std::uint64_t{31} << 16;

/// Fills memory with pattern number `pattern` of a seed: bytes that nobody writes by chance.
/// Patterns 2n and 2n + 1 differ in every byte, so that of two runs that began with them no byte is
/// the same unless something wrote it. `at`: place of the first byte within the whole.
void fill_pattern(std::span<std::byte> bytes, std::uint64_t seed, std::uint32_t pattern,
                  std::uint64_t at = 0);

/// A small generator of its own, so that the same seed gives the same inputs everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  [[nodiscard]] std::uint64_t next();
  /// 0 to `bound` - 1; `bound` > 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);

 private:
  std::uint64_t state_;
};

}  // namespace fib::judge
