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

void image_hash(std::span<const std::byte> image, std::uint8_t (&hash)[16]) noexcept {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(image.data(), image.size()));
  std::memcpy(hash, canonical.digest, sizeof hash);
}

}  // namespace fib::trace
