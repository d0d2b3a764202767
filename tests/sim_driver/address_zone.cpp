// SPDX-License-Identifier: Apache-2.0
#include "tests/sim_driver/address_zone.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>

#include "tests/sim_driver/config.h"

namespace fib::sim {
namespace {

// Sanitizers let programs map here, and the kernel does so itself only when all else is full.
constexpr uintptr_t kZoneBegin = 0x7e8000000000, kZoneStarts = 0x004000000000;
constexpr std::size_t kBlock = std::size_t{32} << 20;  // zones start at a multiple of it
constexpr int kTries = 256;
constexpr uintptr_t kPage = 4096;

struct Zone {
  uintptr_t next;
  std::multimap<std::size_t, uintptr_t> given_back;  // by size
};

bool randomized() { return (::personality(0xffffffff) & ADDR_NO_RANDOMIZE) == 0; }

uintptr_t random_offset() {
  uint64_t bits = 0;
  std::memcpy(&bits, reinterpret_cast<const void*>(::getauxval(AT_RANDOM)), sizeof bits);
  return bits % (kZoneStarts / kBlock) * kBlock;
}

Zone& zone() {
  static Zone* const instance = new Zone{kZoneBegin + (randomized() ? random_offset() : 0), {}};
  return *instance;
}

uintptr_t map_given_back(std::size_t bytes, std::size_t alignment, int protection) {
  const auto [begin, end] = zone().given_back.equal_range(bytes);
  for (auto it = begin; it != end; ++it) {
    const uintptr_t base = it->second;
    if (base % alignment != 0) continue;
    zone().given_back.erase(it);
    if (map_exactly(base, bytes, protection) != 0) return base;
    return 0;  // somebody else is there by now
  }
  return 0;
}

/// Whether this process is one of those that find the addresses taken.
bool taken_here() {
  const std::string& once = config().taken_once;
  if (once.empty()) return true;
  const int fd = ::open(once.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

}  // namespace

uintptr_t map_exactly(uintptr_t base, std::size_t bytes, int protection) {
  void* p = ::mmap(reinterpret_cast<void*>(base), bytes, protection,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  return p == MAP_FAILED ? 0 : reinterpret_cast<uintptr_t>(p);
}

uintptr_t map_in_zone(std::size_t bytes, std::size_t alignment, int protection) {
  if (const uintptr_t base = map_given_back(bytes, alignment, protection)) return base;
  for (int i = 0; i < kTries; ++i) {
    const uintptr_t base = (zone().next + alignment - 1) / alignment * alignment;
    const bool mapped = map_exactly(base, bytes, protection) != 0;
    zone().next = base + (mapped ? bytes : std::max(bytes, kBlock));
    if (mapped) return base;
  }
  return 0;
}

void unmap_from_zone(uintptr_t base, std::size_t bytes) {
  ::munmap(reinterpret_cast<void*>(base), bytes);
  zone().given_back.emplace(bytes, base);
}

void take_addresses() {
  const std::string& list = config().taken;
  if (list.empty() || !taken_here()) return;
  for (const char* at = list.c_str(); *at != '\0';) {
    char* end = nullptr;
    const uintptr_t address = std::strtoull(at, &end, 0);
    map_exactly(address / kPage * kPage, kPage, PROT_NONE);
    at = *end == ',' && end > at ? end + 1 : "";
  }
}

}  // namespace fib::sim
