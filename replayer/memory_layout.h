// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "replayer/plan.h"

/// What to reserve and to map for the regions of a window. Pure computing.
namespace fib::replayer {

inline constexpr std::uint64_t kGranule = std::uint64_t{2} << 20;
/// The driver reserves at multiples of this only: asked for another address it gives another.
inline constexpr std::uint64_t kCell = std::uint64_t{32} << 20;
inline constexpr std::uint64_t kHostPage = 4096;
/// Physical memory is made in pieces of at most this.
inline constexpr std::uint64_t kMaxPiece = std::uint64_t{1} << 30;

struct Range {
  std::uint64_t begin = 0, end = 0;
  [[nodiscard]] std::uint64_t bytes() const { return end - begin; }
  bool operator==(const Range&) const = default;
};

struct PhysicalPiece {
  int device = 0;  ///< as recorded
  std::uint64_t bytes = 0;
};

struct MappedPiece {
  Range range;
  std::size_t physical = 0;  ///< index into MemoryLayout::physical
  std::uint64_t offset = 0;
};

struct MemoryLayout {
  std::vector<Range> host;          ///< to map and register; whole system pages
  std::vector<Range> device;        ///< granules that must be mapped, joined
  std::vector<Range> reservations;  ///< the cells around `device`; host ranges may lie in them
  std::vector<PhysicalPiece> physical;
  std::vector<MappedPiece> mapped;  ///< covers `device`, without overlap
  std::vector<std::string> notes;   ///< what can't be as it was

  [[nodiscard]] std::uint64_t device_bytes(int ordinal) const;
};

/// `same_content(a, b)` tells whether two regions (indexes) can be two views of the same memory.
/// Throws Refusal for regions that can't be together.
[[nodiscard]] MemoryLayout lay_out(
    const Plan& plan, const std::function<bool(std::size_t, std::size_t)>& same_content);

/// Sorted, joined where they touch or overlap.
[[nodiscard]] std::vector<Range> joined(std::vector<Range> ranges);
/// The parts of `ranges` that lie within any of `sorted` (which do not overlap), or within none.
[[nodiscard]] std::vector<Range> cut(const std::vector<Range>& ranges,
                                     const std::vector<Range>& sorted, bool inside);
[[nodiscard]] bool overlaps(const std::vector<Range>& sorted, const Range& range);

}  // namespace fib::replayer
