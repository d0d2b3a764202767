// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace fib::recorder {

/// `Bytes` (a multiple of 2 MiB) of anonymous memory in huge pages where the system has them:
/// filling it for the first time costs a few hundred faults per gigabyte instead of 262,144.
template <std::size_t Bytes>
struct UnmapLarge {
  void operator()(std::byte* memory) const noexcept { munmap(memory, Bytes); }
};
template <std::size_t Bytes>
using LargeMemory = std::unique_ptr<std::byte, UnmapLarge<Bytes>>;

/// Null when memory runs out.
template <std::size_t Bytes>
[[nodiscard]] LargeMemory<Bytes> map_large() noexcept {
  constexpr std::size_t kHuge = 2u << 20;
  static_assert(Bytes % kHuge == 0);
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void* const mapped = mmap(nullptr, Bytes + kHuge, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* const start = static_cast<std::byte*>(mapped);
  const std::size_t before = (kHuge - reinterpret_cast<std::uintptr_t>(start) % kHuge) % kHuge;
  if (before > 0) munmap(start, before);
  if (before < kHuge) munmap(start + before + Bytes, kHuge - before);
  (void)madvise(start + before, Bytes, MADV_HUGEPAGE);
  return LargeMemory<Bytes>(start + before);
}

}  // namespace fib::recorder
