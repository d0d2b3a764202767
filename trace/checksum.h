// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "trace/format.h"

namespace fib::trace {

/// What ChunkHeader::checksum has to be for this header (its other fields) and stored payload.
[[nodiscard]] std::uint64_t chunk_checksum(const ChunkHeader& header,
                                           std::span<const std::byte> stored) noexcept;

/// What FileHeader::checksum has to be for this header (its other fields).
[[nodiscard]] std::uint64_t file_checksum(const FileHeader& header) noexcept;

/// Name of a code image in the store, ImageRecord::hash: XXH3-128 in canonical byte order.
void image_hash(std::span<const std::byte> image, std::uint8_t (&hash)[16]) noexcept;

}  // namespace fib::trace
