// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "cli/launches.h"
#include "registry/draft/observation.h"

namespace fib::cli {

/// Which allocation an address belonged to, at times that only go up.
class LiveBlocks {
 public:
  /// `events` by time; they outlive this.
  explicit LiveBlocks(const std::vector<MemoryEvent>& events) : events_(events) {}

  /// Everything that came or went until then, that moment included.
  void advance(std::uint64_t ticks);
  /// The live allocation that holds this address; none: number 0.
  [[nodiscard]] registry::PointedMemory find(std::uint64_t address) const;

 private:
  struct Block {
    std::uint64_t bytes, number;
  };
  const std::vector<MemoryEvent>& events_;
  std::size_t next_ = 0;
  std::uint64_t numbers_ = 0;
  std::map<std::uint64_t, Block> blocks_;  ///< by address
};

}  // namespace fib::cli
