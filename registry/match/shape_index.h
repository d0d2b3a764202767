// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "registry/match/reason.h"

namespace fib::match {

inline constexpr std::int32_t kNoCandidate = -1;

/// What measuring one tuple of axes came to.
struct Point {
  std::vector<std::int64_t> axes;
  std::int32_t winner = kNoCandidate;  ///< none is clearly better
};

/// Which candidate serves which axes: measured tuples exactly, and what lies between measured
/// tuples whose winners agree. Each axis' measured coordinates cut it into slots, the coordinates
/// themselves and the gaps between them; a tuple of slots is one number, and so one probe of a hash
/// table.
class ShapeIndex {
 public:
  struct Options {
    std::vector<bool> ranges;  ///< per axis: whether gaps count
    double ratio = 4;          ///< neighbours further apart than this factor say nothing
  };
  struct Found {
    std::int32_t candidate = kNoCandidate;
    Reason reason = Reason::NotFound;  ///< Exact, Range; NotClear, NotFound, AxisOutOfRange
  };

  ShapeIndex() = default;
  /// All points have one value per axis, no two the same values. Between neighbours: a box counts
  /// if all of its corners were measured and every measured point in it has the same winner; boxes
  /// over more than three axes are not looked for.
  ShapeIndex(std::size_t axes, const std::vector<Point>& points, const Options& options);

  /// `axes` by slot of the Frame, `slots[i]` the slot of the index' axis i.
  [[nodiscard]] Found find(const std::int64_t* axes, const std::uint8_t* slots) const noexcept;

  [[nodiscard]] bool empty() const noexcept { return cells_.empty(); }
  /// Whether any axes are served by this candidate.
  [[nodiscard]] bool leads_to(std::int32_t candidate) const noexcept {
    return std::any_of(cells_.begin(), cells_.end(),
                       [candidate](const Cell& cell) { return cell.found.candidate == candidate; });
  }
  /// The axes' measured values were too many to number their combinations; the index is empty.
  [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }

 private:
  class Builder;
  struct Axis {
    std::uint32_t begin = 0, count = 0;  ///< in coordinates_
    std::uint64_t multiplier = 1;
    std::uint32_t first_direct = 0, direct_count = 0;  ///< in direct_, of the values 0, 1 ...
  };
  struct Cell {
    std::uint64_t key = kEmpty;
    Found found;
  };
  static constexpr std::uint64_t kEmpty = ~std::uint64_t{0};

  [[nodiscard]] std::size_t home(std::uint64_t key) const noexcept {
    return static_cast<std::size_t>((key * 0x9e3779b97f4a7c15u) >> shift_);
  }
  [[nodiscard]] std::uint32_t slot_of(const Axis& axis, std::int64_t value) const noexcept;
  void add_axis(const std::vector<Point>& points, std::size_t index);
  void insert(const Cell& cell) noexcept;

  std::vector<Axis> axes_;
  std::vector<std::int64_t> coordinates_;  ///< sorted, axis by axis
  std::vector<std::uint16_t> direct_;      ///< slots of small values, which most values are
  std::vector<Cell> cells_;                ///< open addressing, a power of two
  unsigned shift_ = 63;
  bool overflowed_ = false;
};

}  // namespace fib::match
