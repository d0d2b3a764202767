// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// Fatbin containers: code for several GPUs, each piece perhaps compressed. The format is not
/// documented; it is as measured on images of CUDA 11 to 13.
namespace fib::recorder {

enum class FatbinKind : std::uint16_t { Ptx = 1, Elf = 2 };

struct FatbinEntry {
  FatbinKind kind{};  ///< or another number: link-time code, for example
  int sm = 0;         ///< 90: compute capability 9.0
  std::uint64_t flags = 0;
  std::span<const std::byte> stored;
  std::uint64_t raw_bytes = 0;  ///< after decompression
};

/// What is in a container; what leaves it, or can't be understood, ends the list.
[[nodiscard]] std::vector<FatbinEntry> fatbin_entries(std::span<const std::byte> fatbin);

/// The entry's content: `stored` itself, or `buffer` with what it was decompressed to. Empty if
/// that fails. No more is allocated than data of this length can reasonably grow to.
[[nodiscard]] std::span<const std::byte> fatbin_content(const FatbinEntry& entry,
                                                        std::vector<std::byte>& buffer);

}  // namespace fib::recorder
