// SPDX-License-Identifier: Apache-2.0
#include "recorder/fatbin.h"

#include <lz4.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>

namespace fib::recorder {
namespace {

constexpr std::uint32_t kMagic = 0xBA55ED50;
constexpr std::uint64_t kLz4 = 0x2000, kZstd = 0x8000;
constexpr std::uint64_t kMaxRawBytes = std::uint64_t{2} << 30;

struct Header {
  std::uint32_t magic;
  std::uint16_t version, header_bytes;
  std::uint64_t payload_bytes;
};

struct EntryHeader {
  std::uint16_t kind, version;
  std::uint32_t header_bytes;
  std::uint64_t payload_bytes;
  std::uint32_t compressed_bytes, reserved0, reserved1, sm;
  std::uint64_t reserved2, flags, reserved3, raw_bytes;
};
static_assert(sizeof(EntryHeader) == 64);

bool is_compressed(const FatbinEntry& entry) noexcept {
  return (entry.flags & (kLz4 | kZstd)) != 0;
}

bool is_plausible(const FatbinEntry& entry) noexcept {
  return entry.raw_bytes <= kMaxRawBytes &&
         entry.raw_bytes <= 65536 + 1024 * std::uint64_t{entry.stored.size()};
}

bool decompress(const FatbinEntry& entry, std::span<std::byte> to) noexcept {
  if ((entry.flags & kZstd) != 0)
    return ZSTD_decompress(to.data(), to.size(), entry.stored.data(), entry.stored.size()) ==
           to.size();
  const int done = LZ4_decompress_safe(
      reinterpret_cast<const char*>(entry.stored.data()), reinterpret_cast<char*>(to.data()),
      static_cast<int>(entry.stored.size()), static_cast<int>(to.size()));
  return done >= 0 && static_cast<std::size_t>(done) == to.size();
}

}  // namespace

std::vector<FatbinEntry> fatbin_entries(std::span<const std::byte> fatbin) {
  std::vector<FatbinEntry> entries;
  Header header;
  if (fatbin.size() < sizeof header) return entries;
  std::memcpy(&header, fatbin.data(), sizeof header);
  if (header.magic != kMagic || header.header_bytes > fatbin.size()) return entries;
  fatbin = fatbin.subspan(header.header_bytes);
  fatbin = fatbin.first(std::min<std::size_t>(fatbin.size(), header.payload_bytes));
  for (EntryHeader in; fatbin.size() >= sizeof in;) {
    std::memcpy(&in, fatbin.data(), sizeof in);
    if (in.header_bytes < sizeof in || in.header_bytes > fatbin.size()) break;
    fatbin = fatbin.subspan(in.header_bytes);
    if (in.payload_bytes > fatbin.size()) break;
    FatbinEntry entry{static_cast<FatbinKind>(in.kind), static_cast<int>(in.sm), in.flags,
                      fatbin.first(in.payload_bytes), in.payload_bytes};
    if (is_compressed(entry)) {
      entry.raw_bytes = in.raw_bytes;
      if (in.compressed_bytes <= in.payload_bytes)
        entry.stored = entry.stored.first(in.compressed_bytes);
    }
    entries.push_back(entry);
    fatbin = fatbin.subspan(in.payload_bytes);
  }
  return entries;
}

std::span<const std::byte> fatbin_content(const FatbinEntry& entry,
                                          std::vector<std::byte>& buffer) {
  if (!is_compressed(entry)) return entry.stored;
  if (!is_plausible(entry)) return {};
  buffer.resize(entry.raw_bytes);
  return decompress(entry, buffer) ? std::span<const std::byte>(buffer)
                                   : std::span<const std::byte>();
}

}  // namespace fib::recorder
