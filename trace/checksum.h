// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "trace/records.h"

namespace fib::trace {

/// What ChunkHeader::checksum has to be for this header (its other fields) and stored payload.
[[nodiscard]] std::uint64_t chunk_checksum(const ChunkHeader& header,
                                           std::span<const std::byte> stored) noexcept;

/// What FileHeader::checksum has to be for this header (its other fields).
[[nodiscard]] std::uint64_t file_checksum(const FileHeader& header) noexcept;

/// Name of contents in the stores, of a code image as of a page of memory.
[[nodiscard]] Hash content_hash(std::span<const std::byte> content) noexcept;

}  // namespace fib::trace
