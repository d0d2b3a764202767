// SPDX-License-Identifier: Apache-2.0
#include "registry/match/shape_index.h"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <unordered_map>

namespace fib::match {
namespace {

constexpr std::size_t kMaxCells = 1u << 18;       ///< of ranges; what exceeds them is not found
constexpr std::size_t kMaxPointsForBoxes = 2048;  ///< with more, only ranges along one axis
constexpr int kMaxBoxAxes = 3;
constexpr std::int64_t kDirectValues = 4096;  ///< 8 KiB per axis, of which a launch reads 2 bytes

/// First of `count` sorted values that is not less than `value`; `count` > 0 and the last one is
/// not less. Without branches to mispredict.
std::uint32_t lower_bound(const std::int64_t* sorted, std::uint32_t count,
                          std::int64_t value) noexcept {
  const std::int64_t* base = sorted;
  while (count > 1) {
    const std::uint32_t half = count / 2;
    base += base[half - 1] < value ? half : 0;
    count -= half;
  }
  return static_cast<std::uint32_t>(base - sorted);
}

}  // namespace

/// Works on coordinates' positions instead of their values.
class ShapeIndex::Builder {
 public:
  Builder(ShapeIndex& index, const std::vector<Point>& points, const Options& options)
      : index_(index), points_(points), options_(options) {}

  void build() {
    place_points();
    const std::uint32_t masks = 1u << std::min<std::size_t>(index_.axes_.size(), 16);
    for (std::uint32_t mask = 1; mask < masks; ++mask) {
      const int axes = std::popcount(mask);
      if (axes > kMaxBoxAxes || (axes > 1 && points_.size() > kMaxPointsForBoxes)) continue;
      if (!may_range(mask)) continue;
      for (const auto& [place, point] : places_) {
        if (point->winner != kNoCandidate) fill_from(place, point->winner, mask);
      }
    }
    freeze();
  }

 private:
  using Place = std::vector<std::uint32_t>;  ///< position of a coordinate, per axis

  [[nodiscard]] std::int64_t value(std::size_t axis, std::uint32_t position) const {
    return index_.coordinates_[index_.axes_[axis].begin + position];
  }

  void place_points() {
    for (const Point& point : points_) {
      Place place;
      std::uint64_t key = 0;
      for (std::size_t i = 0; i < point.axes.size(); ++i) {
        const Axis& axis = index_.axes_[i];
        place.push_back(
            lower_bound(index_.coordinates_.data() + axis.begin, axis.count, point.axes[i]));
        key += 2 * std::uint64_t{place.back()} * axis.multiplier;
      }
      const Reason reason = point.winner == kNoCandidate ? Reason::NotClear : Reason::Exact;
      cells_[key] = {point.winner, reason};
      places_.emplace(std::move(place), &point);
    }
  }

  [[nodiscard]] bool may_range(std::uint32_t mask) const {
    for (std::size_t i = 0; i < index_.axes_.size(); ++i) {
      if ((mask >> i & 1) != 0 && !options_.ranges[i]) return false;
    }
    return true;
  }

  /// The next point along one axis, if it is near enough.
  [[nodiscard]] std::optional<std::uint32_t> next(const Place& from, std::size_t axis) const {
    Place place = from;
    const auto furthest = static_cast<double>(value(axis, from[axis])) * options_.ratio;
    for (std::uint32_t at = from[axis] + 1; at < index_.axes_[axis].count; ++at) {
      if (static_cast<double>(value(axis, at)) > furthest) return std::nullopt;
      place[axis] = at;
      if (places_.contains(place)) return at;
    }
    return std::nullopt;
  }

  void fill_from(const Place& low, std::int32_t winner, std::uint32_t mask) {
    Place high = low;
    for (std::size_t i = 0; i < low.size(); ++i) {
      if ((mask >> i & 1) == 0) continue;
      const auto neighbour = next(low, i);
      if (!neighbour) return;
      high[i] = *neighbour;
    }
    if (corners_agree(low, high, winner, mask) && inside_agrees(low, high, winner, mask)) {
      fill(low, high, winner, mask);
    }
  }

  [[nodiscard]] bool corners_agree(const Place& low, const Place& high, std::int32_t winner,
                                   std::uint32_t mask) const {
    for (std::uint32_t corner = mask; corner != 0; corner = (corner - 1) & mask) {
      Place place = low;
      for (std::size_t i = 0; i < low.size(); ++i) {
        if ((corner >> i & 1) != 0) place[i] = high[i];
      }
      const auto found = places_.find(place);
      if (found == places_.end() || found->second->winner != winner) return false;
    }
    return true;
  }

  [[nodiscard]] bool inside_agrees(const Place& low, const Place& high, std::int32_t winner,
                                   std::uint32_t mask) const {
    if (std::popcount(mask) == 1) return true;  // neighbours have nothing between them
    return std::all_of(places_.begin(), places_.end(), [&](const auto& entry) {
      for (std::size_t i = 0; i < low.size(); ++i) {
        if (entry.first[i] < low[i] || entry.first[i] > high[i]) return true;
      }
      return entry.second->winner == winner;
    });
  }

  /// Every slot between low and high along the axes of the mask, low's own along the others.
  void fill(const Place& low, const Place& high, std::int32_t winner, std::uint32_t mask) {
    Place slots;
    for (std::size_t i = 0; i < low.size(); ++i) {
      slots.push_back(2 * low[i] + ((mask >> i & 1) != 0 ? 1 : 0));
    }
    while (cells_.size() < kMaxCells) {
      put(slots, winner);
      std::size_t i = 0;
      for (; i < slots.size(); ++i) {
        if ((mask >> i & 1) == 0) continue;
        if (++slots[i] < 2 * high[i]) break;
        slots[i] = 2 * low[i] + 1;
      }
      if (i == slots.size()) return;
    }
  }

  void put(const Place& slots, std::int32_t winner) {
    std::uint64_t key = 0;
    for (std::size_t i = 0; i < slots.size(); ++i) key += slots[i] * index_.axes_[i].multiplier;
    const auto [cell, is_new] = cells_.try_emplace(key, Found{winner, Reason::Range});
    if (is_new || cell->second.reason != Reason::Range) return;
    if (cell->second.candidate != winner) cell->second.candidate = kNoCandidate;  // boxes disagree
  }

  void freeze() {
    const std::size_t size = std::bit_ceil(std::max<std::size_t>(cells_.size() * 2, 2));
    index_.cells_.resize(size);
    index_.shift_ = 64 - static_cast<unsigned>(std::countr_zero(size));
    for (const auto& [key, found] : cells_) {
      if (found.candidate == kNoCandidate && found.reason == Reason::Range) continue;
      index_.insert({key, found});
    }
  }

  ShapeIndex& index_;
  const std::vector<Point>& points_;
  const Options& options_;
  std::map<Place, const Point*> places_;
  std::unordered_map<std::uint64_t, Found> cells_;
};

ShapeIndex::ShapeIndex(std::size_t axes, const std::vector<Point>& points, const Options& options) {
  if (points.empty()) return;
  std::uint64_t combinations = 1;
  for (std::size_t i = 0; i < axes; ++i) {
    add_axis(points, i);
    axes_[i].multiplier = combinations;
    const std::uint64_t slots = 2 * std::uint64_t{axes_[i].count} - 1;
    overflowed_ = overflowed_ || __builtin_mul_overflow(combinations, slots, &combinations);
  }
  overflowed_ = overflowed_ || combinations == kEmpty;
  if (!overflowed_) Builder(*this, points, options).build();
}

void ShapeIndex::add_axis(const std::vector<Point>& points, std::size_t index) {
  std::vector<std::int64_t> values;
  for (const Point& point : points) values.push_back(point.axes[index]);
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  Axis axis;
  axis.begin = static_cast<std::uint32_t>(coordinates_.size());
  axis.count = static_cast<std::uint32_t>(values.size());
  axis.first_direct = static_cast<std::uint32_t>(direct_.size());
  coordinates_.insert(coordinates_.end(), values.begin(), values.end());
  const std::int64_t end = std::min(values.back() + 1, kDirectValues);
  std::vector<std::uint16_t> direct;
  for (std::int64_t value = 0; value < end; ++value) {
    const bool inside = value >= values.front();
    direct.push_back(inside ? static_cast<std::uint16_t>(slot_of(axis, value)) : std::uint16_t{0});
  }
  direct_.insert(direct_.end(), direct.begin(), direct.end());
  axis.direct_count = static_cast<std::uint32_t>(direct.size());
  axes_.push_back(axis);
}

/// `value` is neither below nor above all coordinates.
std::uint32_t ShapeIndex::slot_of(const Axis& axis, std::int64_t value) const noexcept {
  if (value >= 0 && value < std::int64_t{axis.direct_count}) {
    return direct_[axis.first_direct + static_cast<std::size_t>(value)];
  }
  const std::int64_t* const sorted = coordinates_.data() + axis.begin;
  const std::uint32_t at = lower_bound(sorted, axis.count, value);
  return 2 * at - (sorted[at] != value ? 1 : 0);
}

void ShapeIndex::insert(const Cell& cell) noexcept {
  std::size_t at = home(cell.key);
  while (cells_[at].key != kEmpty) at = (at + 1) & (cells_.size() - 1);
  cells_[at] = cell;
}

ShapeIndex::Found ShapeIndex::find(const std::int64_t* axes,
                                   const std::uint8_t* slots) const noexcept {
  if (cells_.empty()) return {};
  std::uint64_t key = 0;
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    const Axis& axis = axes_[i];
    const std::int64_t value = axes[slots[i]];
    const std::int64_t* const sorted = coordinates_.data() + axis.begin;
    if (value < sorted[0] || value > sorted[axis.count - 1]) {
      return {kNoCandidate, Reason::AxisOutOfRange};
    }
    key += slot_of(axis, value) * axis.multiplier;
  }
  for (std::size_t at = home(key);; at = (at + 1) & (cells_.size() - 1)) {
    if (cells_[at].key == key) return cells_[at].found;
    if (cells_[at].key == kEmpty) return {};
  }
}

}  // namespace fib::match
