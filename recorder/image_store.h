// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fib::recorder {

/// XXH3-128 in canonical byte order.
struct ContentHash {
  std::uint8_t bytes[16];
};
[[nodiscard]] ContentHash content_hash(std::span<const std::byte> content) noexcept;

/// Puts `content` under <directory>/<hash in hex>, unless it is there already. Written under a
/// temporary name and renamed, so that other processes never see half of it. 0 or an errno.
[[nodiscard]] int store_content(const char* directory, const ContentHash& hash,
                                std::span<const std::byte> content) noexcept;

}  // namespace fib::recorder
