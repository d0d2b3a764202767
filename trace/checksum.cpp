// SPDX-License-Identifier: Apache-2.0
#include "trace/checksum.h"

#include <xxhash.h>

#include <cstring>

namespace fib::trace {

std::uint64_t chunk_checksum(const ChunkHeader& header,
                             std::span<const std::byte> stored) noexcept {
  // The seed covers the header, so that a flipped type or length is noticed as well.
  const auto seed = XXH3_64bits(&header, offsetof(ChunkHeader, checksum));
  return XXH3_64bits_withSeed(stored.data(), stored.size(), seed);
}

std::uint64_t file_checksum(const FileHeader& header) noexcept {
  return XXH3_64bits(&header, offsetof(FileHeader, checksum));
}

Hash content_hash(std::span<const std::byte> content) noexcept {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(content.data(), content.size()));
  Hash hash;
  static_assert(sizeof hash == sizeof canonical.digest);
  std::memcpy(hash.data(), canonical.digest, sizeof hash);
  return hash;
}

}  // namespace fib::trace
