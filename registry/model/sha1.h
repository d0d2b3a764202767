// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fib::registry {

/// SHA-1, only because upstream's content hash of a Solution is one. It proves nothing against
/// somebody who wants two texts of one hash.
class Sha1 {
 public:
  void add(std::string_view text);
  /// 40 hexadecimal digits; nothing can be added afterwards.
  [[nodiscard]] std::string hex();

 private:
  void add_block(const unsigned char* block);

  std::array<std::uint32_t, 5> state_ = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
                                         0xc3d2e1f0};
  std::array<unsigned char, 64> rest_{};
  std::uint64_t bytes_ = 0;
};

}  // namespace fib::registry
