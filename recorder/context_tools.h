// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <span>
#include <vector>

#include "pages/gpu_hasher.h"

namespace fib::recorder {

/// What the memory image needs in one context of the engine: the hasher, and pinned staging memory
/// with a stream for each piece of it. Made when the context's memory is first looked at. Its
/// context must be current in all functions, and the capture mode relaxed. Never throws but for
/// std::bad_alloc.
class ContextTools {
 public:
  struct Piece {
    CUdeviceptr address;
    std::uint32_t bytes;   ///< at most trace::kPageBytes
    std::uint32_t region;  ///< RegionRecord::region: the driver copies within one allocation only
  };
  /// Some pieces, next to each other in the list, and where their bytes lie for now.
  struct Batch {
    std::size_t first = 0;
    std::vector<const std::byte*> contents;
  };
  using Consume = std::function<void(const Batch&)>;

  explicit ContextTools(const driver::DriverApi& api) noexcept : api_(api), hasher_(api) {}
  ~ContextTools();  ///< its context must be alive and current
  ContextTools(const ContextTools&) = delete;
  ContextTools& operator=(const ContextTools&) = delete;

  [[nodiscard]] CUresult prepare() noexcept;
  /// Whether the GPU hashes, by the same rules as the CPU; otherwise pages must be copied.
  [[nodiscard]] bool can_hash() const noexcept { return can_hash_; }

  [[nodiscard]] CUresult hash(std::span<const CUdeviceptr> pages,
                              std::span<trace::Hash> hashes) noexcept {
    return hasher_.hash(pages, hashes);
  }
  /// Copies `pieces` to the host, neighbours by one copy, and shows each to `consume` once. While
  /// one batch is consumed the next ones are on their way.
  [[nodiscard]] CUresult copy_out(std::span<const Piece> pieces, const Consume& consume);

 private:
  static constexpr std::size_t kStagingBytes = 16u << 20;
  struct Staging {
    std::byte* memory = nullptr;
    CUstream stream = nullptr;
    Batch batch;
  };

  [[nodiscard]] CUresult issue(Staging& staging, std::span<const Piece> pieces, std::size_t first);

  const driver::DriverApi& api_;
  pages::GpuHasher hasher_;
  bool can_hash_ = false;
  std::array<Staging, 3> stagings_;
};

}  // namespace fib::recorder
