// SPDX-License-Identifier: Apache-2.0
#include "recorder/memory_image.h"

#include <algorithm>
#include <cstdio>

#include "recorder/safe_point.h"

namespace fib::recorder {

using trace::HashPhase;
using trace::RegionKind;

bool is_host_memory(const LiveRegion& region) noexcept {
  const auto kind = static_cast<RegionKind>(region.fixed.kind);
  return kind == RegionKind::Pinned || kind == RegionKind::Registered ||
         kind == RegionKind::Managed;
}

ContextTools::Piece piece_of(const ScannedRegion& entry, std::size_t page) noexcept {
  return {entry.region.fixed.address + std::uint64_t{page} * trace::kPageBytes,
          page_bytes(entry.region.fixed.bytes, page), entry.region.fixed.region};
}

namespace {

bool has_content(const LiveRegion& region) noexcept {
  constexpr std::uint32_t kIoMemory = CU_MEMHOSTREGISTER_IOMEMORY;
  const auto kind = static_cast<RegionKind>(region.fixed.kind);
  if (kind == RegionKind::Registered && (region.fixed.flags & kIoMemory) != 0) return false;
  return kind != RegionKind::Foreign;
}

}  // namespace

bool MemoryImage::fail(std::string what) noexcept {
  failure_ = std::move(what);
  return false;
}

bool MemoryImage::fail(const char* what, CUresult error) noexcept {
  char text[200];
  std::snprintf(text, sizeof text, "%s (%s)", what, error_name(api_, error));
  return fail(text);
}

bool MemoryImage::differs(const ScannedRegion& region, std::size_t page) const noexcept {
  const auto known = known_.find(region.region.fixed.region);
  return known == known_.end() || page >= known->second.size() ||
         known->second[page] != region.hashes[page];
}

bool MemoryImage::take(std::uint32_t window, std::vector<LiveRegion> regions,
                       std::uint64_t budget) noexcept try {
  Scan now;
  if (!scan(std::move(regions), now) || !store(now, budget)) return false;
  known_.clear();
  for (ScannedRegion& entry : now) {
    const std::uint32_t id = entry.region.fixed.region;
    const trace::PageHashesRecord fixed{window, id, 0, static_cast<std::uint16_t>(HashPhase::State),
                                        0,      0};
    if (!log_.region(window, entry.region) ||
        !log_.hashes(fixed, true, entry.hashes, [](std::size_t) { return true; }))
      return fail("the log can't be written");
    known_[id] = std::move(entry.hashes);
  }
  return true;
} catch (const std::bad_alloc&) {
  return fail("out of memory");
}

bool MemoryImage::add(std::uint32_t window, const LiveRegion& region, bool with_content) noexcept
    try {
  if (!log_.region(window, region)) return fail("the log can't be written");
  std::vector<trace::Hash>& known = known_[region.fixed.region];
  if (!with_content || !has_content(region)) return true;
  Scan now;
  if (!scan({region}, now) || !store(now, UINT64_MAX)) return false;
  const trace::PageHashesRecord fixed{
      window, region.fixed.region, 0, static_cast<std::uint16_t>(HashPhase::State), 0, 0};
  known = std::move(now.front().hashes);
  return log_.hashes(fixed, true, known, [](std::size_t) { return true; }) ||
         fail("the log can't be written");
} catch (const std::bad_alloc&) {
  return fail("out of memory");
}

bool MemoryImage::compare(std::uint32_t window, std::vector<LiveRegion> regions) noexcept try {
  Scan now;
  if (!scan(std::move(regions), now)) return false;
  for (const ScannedRegion& entry : now) {
    const trace::PageHashesRecord fixed{
        window, entry.region.fixed.region, 0, static_cast<std::uint16_t>(HashPhase::Changed), 0, 0};
    if (!log_.hashes(fixed, false, entry.hashes,
                     [&](std::size_t page) { return differs(entry, page); }))
      return fail("the log can't be written");
  }
  return true;
} catch (const std::bad_alloc&) {
  return fail("out of memory");
}

bool MemoryImage::point(std::uint32_t window, std::vector<LiveRegion> regions, std::uint64_t point,
                        std::uint64_t& changed_pages) noexcept try {
  Scan now;
  if (!scan(std::move(regions), now) || !store(now, UINT64_MAX)) return false;
  changed_pages = 0;
  for (ScannedRegion& entry : now) {
    const std::uint32_t id = entry.region.fixed.region;
    const trace::PageHashesRecord fixed{
        window, id, point, static_cast<std::uint16_t>(HashPhase::Point), 0, 0};
    const auto chosen = [&](std::size_t page) {
      const bool changed = differs(entry, page);
      changed_pages += changed ? 1 : 0;
      return changed;
    };
    if (!log_.hashes(fixed, true, entry.hashes, chosen)) return fail("the log can't be written");
    known_[id] = std::move(entry.hashes);
  }
  return true;
} catch (const std::bad_alloc&) {
  return fail("out of memory");
}

bool MemoryImage::scan(std::vector<LiveRegion> regions, Scan& scan) {
  contexts_ = live_.contexts();
  pool_.grow(background_threads(8) - 1);
  totals_ = {};
  scan.reserve(regions.size());
  for (LiveRegion& region : regions) {
    totals_.live_bytes += region.fixed.bytes;
    const bool content = has_content(region);
    const std::size_t pages = content ? page_count(region.fixed.bytes) : 0;
    totals_.pages += pages;
    scan.push_back({std::move(region), std::vector<trace::Hash>(pages)});
  }
  std::map<CUcontext, std::vector<ScannedRegion*>> by_context;
  for (ScannedRegion& entry : scan) {
    if (entry.hashes.empty()) continue;
    if (is_host_memory(entry.region))
      scan_host(entry);
    else
      by_context[context_of(entry.region)].push_back(&entry);
  }
  for (const auto& [context, entries] : by_context)
    if (!scan_device(context, entries)) return false;
  return true;
}

bool MemoryImage::store(Scan& scan, std::uint64_t budget) {
  std::vector<Pages> wanted(scan.size());
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < scan.size(); ++i)
    for (std::size_t page = 0; page < scan[i].hashes.size(); ++page) {
      if (scan[i].unreadable || !differs(scan[i], page)) continue;
      wanted[i].push_back(page);
      if (!spool_.has(scan[i].hashes[page])) bytes += page_bytes(scan[i].region.fixed.bytes, page);
    }
  if (bytes > budget) {
    char text[160];
    std::snprintf(text, sizeof text, "its memory image needs %llu MiB, more than its budget",
                  static_cast<unsigned long long>(bytes >> 20));
    return fail(text);
  }
  const bool stored = store(scan, wanted);
  if (!stored) spool_.give_up();
  spool_.flush(0);
  return stored;
}

/// Pages of GPU memory are gathered over all regions: many small copies would leave the bus idle.
bool MemoryImage::store(Scan& scan, const std::vector<Pages>& wanted) {
  std::map<CUcontext, NewPages> on_gpus;
  for (std::size_t i = 0; i < scan.size(); ++i) {
    if (wanted[i].empty()) continue;
    if (is_host_memory(scan[i].region)) {
      if (!store_host(scan[i], wanted[i])) return false;
      continue;
    }
    NewPages& pages = on_gpus[context_of(scan[i].region)];
    for (const std::size_t page : wanted[i]) {
      if (!spool_.wants(scan[i].hashes[page])) continue;
      pages.pieces.push_back(piece_of(scan[i], page));
      pages.hashes.push_back(scan[i].hashes[page]);
    }
  }
  for (const auto& [context, pages] : on_gpus)
    if (!store_device(context, pages)) return false;
  return true;
}

}  // namespace fib::recorder
