// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>

#include "registry/match/match_table.h"

namespace fib::dispatch {

/// The sets of rules that kernels of one table have, each once: kernels keep a number, which costs
/// nothing when the table goes. Most kernels have none, and only a few sets differ.
class RuleSets {
 public:
  using Index = std::uint32_t;

  RuleSets() noexcept;
  ~RuleSets();
  RuleSets(const RuleSets&) = delete;
  RuleSets& operator=(const RuleSets&) = delete;

  /// Number of this set, a new one if need be. Takes a lock, allocates. Without memory, or when
  /// there are too many sets: that of a set without rules.
  [[nodiscard]] Index add(const match::KernelRules& rules) noexcept;
  /// The set of this number. Never moves.
  [[nodiscard]] const match::KernelRules& operator[](Index index) const noexcept {
    return chunks_[index / kChunk].load(std::memory_order_acquire)->rules[index % kChunk];
  }

 private:
  static constexpr std::size_t kChunk = 64, kChunks = 256;
  struct Chunk {
    std::array<match::KernelRules, kChunk> rules{};
  };

  Chunk none_;  ///< the first chunk; its first set has no rules
  std::array<std::atomic<Chunk*>, kChunks> chunks_{};
  std::mutex mutex_;
  Index count_ = 0;
};

}  // namespace fib::dispatch
