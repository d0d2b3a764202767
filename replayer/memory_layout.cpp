// SPDX-License-Identifier: Apache-2.0
#include "replayer/memory_layout.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "replayer/error.h"

namespace fib::replayer {
namespace {

using trace::RegionKind;

std::uint64_t down(std::uint64_t value, std::uint64_t to) { return value / to * to; }
std::uint64_t up(std::uint64_t value, std::uint64_t to) { return down(value + to - 1, to); }

std::string hex(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

/// Which device owns each granule, and which region said so.
struct Owner {
  int device;
  std::size_t region;
};
using Granules = std::map<std::uint64_t, Owner>;

/// A mapping whose memory another region shows as well.
struct View {
  std::size_t region;
  std::uint64_t handle;
};

class LayoutMaker {
 public:
  LayoutMaker(const Plan& plan, const std::function<bool(std::size_t, std::size_t)>& same)
      : plan_(plan), same_(same) {}

  MemoryLayout make() {
    find_views();
    for (std::size_t i = 0; i < plan_.regions.size(); ++i) place(i);
    layout_.host = joined(std::move(layout_.host));
    add_own_memory();
    add_views();
    std::sort(layout_.mapped.begin(), layout_.mapped.end(),
              [](const auto& a, const auto& b) { return a.range.begin < b.range.begin; });
    for (const MappedPiece& piece : layout_.mapped) layout_.device.push_back(piece.range);
    layout_.device = joined(std::move(layout_.device));
    check();
    reserve();
    return std::move(layout_);
  }

 private:
  [[nodiscard]] Range granules(const RegionPlan& region) const {
    return {down(region.fixed.address, kGranule),
            up(region.fixed.address + region.fixed.bytes, kGranule)};
  }

  /// Handles that stand behind several addresses at the begin. Handles are numbers that the driver
  /// may use again, so only regions that also agree in content count as views.
  void find_views() {
    std::map<std::uint64_t, std::vector<std::size_t>> by_handle;
    for (std::size_t i = 0; i < plan_.regions.size(); ++i) {
      const RegionPlan& region = plan_.regions[i];
      const bool aligned =
          (region.fixed.address | region.fixed.bytes | region.fixed.offset) % kGranule == 0;
      if (region.kind() == RegionKind::Mapped && region.born == 0 && aligned &&
          region.fixed.handle != 0)
        by_handle[region.fixed.handle].push_back(i);
    }
    for (const auto& [handle, regions] : by_handle) {
      bool overlap = false;
      for (std::size_t i = 1; i < regions.size() && !overlap; ++i)
        for (std::size_t j = 0; j < i && !overlap; ++j) overlap = is_view(regions[i], regions[j]);
      if (overlap)
        for (const std::size_t region : regions) views_.push_back({region, handle});
    }
  }

  [[nodiscard]] bool is_view(std::size_t i, std::size_t j) const {
    const trace::RegionRecord& a = plan_.regions[i].fixed;
    const trace::RegionRecord& b = plan_.regions[j].fixed;
    return a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes && same_(i, j);
  }

  [[nodiscard]] bool has_view(std::size_t index) const {
    return std::any_of(views_.begin(), views_.end(),
                       [&](const View& view) { return view.region == index; });
  }

  void place(std::size_t index) {
    const RegionPlan& region = plan_.regions[index];
    if (region.is_symbol() || has_view(index)) return;
    if (region.on_host()) {
      layout_.host.push_back({down(region.fixed.host_address, kHostPage),
                              up(region.fixed.host_address + region.fixed.bytes, kHostPage)});
      return;
    }
    const Range range = granules(region);
    for (std::uint64_t at = range.begin; at < range.end; at += kGranule) {
      const auto [owner, fresh] = owners_.try_emplace(at, Owner{region.fixed.device, index});
      if (!fresh && owner->second.device != region.fixed.device)
        layout_.notes.push_back("2 MiB at " + hex(at) +
                                " belong to two devices; here they are on the first");
    }
  }

  void add_own_memory() {
    for (auto it = owners_.begin(); it != owners_.end();) {
      const int device = it->second.device;
      Range run{it->first, it->first};
      for (; it != owners_.end() && it->first == run.end && it->second.device == device &&
             run.bytes() < kMaxPiece;
           ++it)
        run.end += kGranule;
      layout_.mapped.push_back({run, layout_.physical.size(), 0});
      layout_.physical.push_back({device, run.bytes()});
    }
  }

  void add_views() {
    std::map<std::uint64_t, std::size_t> physical_of;
    for (const View& view : views_) {
      const trace::RegionRecord& region = plan_.regions[view.region].fixed;
      const auto [place, fresh] = physical_of.try_emplace(view.handle, layout_.physical.size());
      if (fresh) layout_.physical.push_back({region.device, 0});
      PhysicalPiece& piece = layout_.physical[place->second];
      piece.bytes = std::max(piece.bytes, region.offset + region.bytes);
      layout_.mapped.push_back(
          {{region.address, region.address + region.bytes}, place->second, region.offset});
    }
  }

  void check() const {
    for (std::size_t i = 1; i < layout_.mapped.size(); ++i)
      if (layout_.mapped[i].range.begin < layout_.mapped[i - 1].range.end)
        throw Refusal("memory at " + hex(layout_.mapped[i].range.begin) +
                      " is mapped twice within the window: this can't be replayed");
    for (const Range& range : layout_.device)
      if (overlaps(layout_.host, range))
        throw Refusal("device memory at " + hex(range.begin) +
                      " and host memory share 2 MiB: this can't be replayed");
  }

  void reserve() {
    std::vector<Range> cells;
    for (const Range& range : layout_.device)
      cells.push_back({down(range.begin, kCell), up(range.end, kCell)});
    layout_.reservations = joined(std::move(cells));
  }

  const Plan& plan_;
  const std::function<bool(std::size_t, std::size_t)>& same_;
  MemoryLayout layout_;
  Granules owners_;
  std::vector<View> views_;
};

}  // namespace

std::uint64_t MemoryLayout::device_bytes(int ordinal) const {
  std::uint64_t sum = 0;
  for (const PhysicalPiece& piece : physical)
    if (piece.device == ordinal) sum += piece.bytes;
  return sum;
}

std::vector<Range> joined(std::vector<Range> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& a, const Range& b) { return a.begin < b.begin; });
  std::vector<Range> result;
  for (const Range& range : ranges) {
    if (!result.empty() && range.begin <= result.back().end)
      result.back().end = std::max(result.back().end, range.end);
    else
      result.push_back(range);
  }
  return result;
}

std::vector<Range> cut(const std::vector<Range>& ranges, const std::vector<Range>& sorted,
                       bool inside) {
  std::vector<Range> parts;
  for (const Range& range : ranges) {
    std::uint64_t at = range.begin;
    for (const Range& other : sorted) {
      const Range common{std::max(at, other.begin), std::min(range.end, other.end)};
      if (common.begin >= common.end) continue;
      if (!inside && at < common.begin) parts.push_back({at, common.begin});
      if (inside) parts.push_back(common);
      at = common.end;
    }
    if (!inside && at < range.end) parts.push_back({at, range.end});
  }
  return parts;
}

bool overlaps(const std::vector<Range>& sorted, const Range& range) {
  const auto after =
      std::lower_bound(sorted.begin(), sorted.end(), range.end,
                       [](const Range& r, std::uint64_t end) { return r.begin < end; });
  return after != sorted.begin() && std::prev(after)->end > range.begin;
}

MemoryLayout lay_out(const Plan& plan,
                     const std::function<bool(std::size_t, std::size_t)>& same_content) {
  return LayoutMaker(plan, same_content).make();
}

}  // namespace fib::replayer
