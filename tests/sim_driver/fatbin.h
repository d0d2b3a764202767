// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

/// The containers that nvcc puts around a cubin, as far as the simulator reads and writes them.
namespace fib::sim {

inline constexpr uint32_t kFatbinMagic = 0xBA55ED50;
inline constexpr uint32_t kFatbinWrapperMagic = 0x466243B1;
inline constexpr uint16_t kFatbinKindPtx = 1;
inline constexpr uint16_t kFatbinKindElf = 2;

struct FatbinHeader {
  uint32_t magic = kFatbinMagic;
  uint16_t version = 1;
  uint16_t header_size = 16;
  uint64_t size = 0;  // bytes after this header
};
static_assert(sizeof(FatbinHeader) == 16);

struct FatbinEntry {
  uint16_t kind = kFatbinKindElf;
  uint16_t version = 0x0101;
  uint32_t header_size = 64;
  uint64_t payload_size = 0;
  uint32_t compressed_size = 0;
  uint32_t reserved0 = 0;
  uint32_t reserved1 = 0;
  uint32_t sm = 90;
  uint64_t reserved2 = 0;
  uint64_t flags = 1;  // 0x1 64-bit, 0x2000 LZ4, 0x8000 ZSTD
  uint64_t reserved3 = 0;
  uint64_t uncompressed_size = 0;
};
static_assert(sizeof(FatbinEntry) == 64);

/// fatbinC wrapper, version 1: one fatbin.
struct FatbinWrapper {
  uint32_t magic = kFatbinWrapperMagic;
  uint32_t version = 1;
  const void* fatbin = nullptr;  // borrowed
  const void* prelinked = nullptr;
};
static_assert(sizeof(FatbinWrapper) == 24);

/// A fatbin with one uncompressed ELF entry.
inline std::vector<std::byte> make_fatbin(std::span<const std::byte> elf) {
  FatbinEntry entry;
  entry.payload_size = (elf.size() + 7) / 8 * 8;
  FatbinHeader header;
  header.size = sizeof entry + entry.payload_size;
  std::vector<std::byte> bytes(sizeof header + header.size);
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + sizeof header, &entry, sizeof entry);
  std::memcpy(bytes.data() + sizeof header + sizeof entry, elf.data(), elf.size());
  return bytes;
}

/// The wrapper of a fatbin, which must outlive it.
inline FatbinWrapper wrap_fatbin(const void* fatbin) {
  FatbinWrapper wrapper;
  wrapper.fatbin = fatbin;
  return wrapper;
}

}  // namespace fib::sim
