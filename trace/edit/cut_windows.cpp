// SPDX-License-Identifier: Apache-2.0
#include "trace/edit/cut_windows.h"

#include <algorithm>

namespace fib::trace {

void CutWindows::saw(std::uint64_t ticks) { last_ticks_ = std::max(last_ticks_, ticks); }

/// Zeros need not be stored.
bool CutWindows::has(const Hash& hash, std::uint64_t bytes_left) {
  if (store_.contains(hash)) return true;
  const std::uint64_t bytes = std::min<std::uint64_t>(bytes_left, kPageBytes);
  const auto [zero, fresh] = zero_hashes_.try_emplace(bytes);
  if (fresh) zero->second = content_hash(std::vector<std::byte>(bytes));
  return zero->second == hash;
}

void CutWindows::on_window(const Window& window) {
  Open& open = windows_[window.fixed.window];
  if (window.fixed.phase == static_cast<std::uint16_t>(WindowPhase::Begin)) {
    open.begin = window.header.time;
  } else {
    open.ended = true;
  }
  saw(window.header.time);
}

void CutWindows::on_region(const Region& region) {
  region_bytes_[region.fixed.region] = region.fixed.bytes;
}

void CutWindows::on_page_hashes(const PageHashes& pages) {
  if ((pages.header.flags & kPagesStored) == 0) return;
  const std::uint64_t bytes = region_bytes_[pages.fixed.region];
  bool missing = false;
  for (const HashRun& run : pages.runs) {
    for (std::size_t i = 0; i < run.hashes.size() && !missing; ++i) {
      const std::uint64_t start = (std::uint64_t{run.first} + i) * kPageBytes;
      missing = !has(run.hashes[i], bytes > start ? bytes - start : 0);
    }
  }
  if (!missing) return;
  missing_.push_back(pages.header.time);
  // Whether it belongs to the image at the begin shows when the begin is known.
  windows_[pages.fixed.window].image_missing |=
      pages.fixed.phase == static_cast<std::uint16_t>(HashPhase::State) &&
      windows_[pages.fixed.window].begin == 0;
}

void CutWindows::on_payload(std::uint32_t, const Payload& payload) {
  ++seen_.records;
  std::uint64_t left = payload.fixed.bytes;
  for (const Hash& hash : payload.hashes) {
    if (!has(hash, left)) {
      missing_.push_back(payload.header.time);
      return;
    }
    left -= std::min<std::uint64_t>(left, kPageBytes);
  }
}

void CutWindows::on_launch(std::uint32_t, const Launch& launch) {
  ++seen_.records;
  ++seen_.launches;
  saw(launch.header.time + launch.fixed.duration);
}

void CutWindows::on_graph_launch(std::uint32_t, const GraphLaunch& launch) {
  ++seen_.records;
  ++seen_.launches;
  saw(launch.header.time + launch.fixed.duration);
}

void CutWindows::on_call(std::uint32_t, const Call& call) {
  ++seen_.records;
  saw(call.header.time + call.fixed.duration);
}

void CutWindows::on_point(std::uint32_t, const Point& point) {
  ++seen_.records;
  saw(point.header.time);
}

void CutWindows::on_drops(const Drops& drops) { drops_[drops.fixed.thread] = drops.fixed; }

std::vector<CutWindow> CutWindows::cut() const {
  std::vector<CutWindow> cut;
  for (const auto& [number, open] : windows_) {
    if (open.ended || open.begin == 0) continue;
    CutWindow window{number, last_ticks_ + 1, open.image_missing};
    for (const std::uint64_t time : missing_) {
      if (time >= open.begin) window.end = std::min(window.end, time);
    }
    cut.push_back(window);
  }
  return cut;
}

EndPayload CutWindows::totals() const {
  EndPayload totals = seen_;
  for (const auto& [thread, drops] : drops_) {
    totals.dropped_records += drops.records;
    totals.dropped_launches += drops.launches;
  }
  totals.dropped_records = std::max(totals.dropped_records, end_.dropped_records);
  totals.dropped_launches = std::max(totals.dropped_launches, end_.dropped_launches);
  return totals;
}

}  // namespace fib::trace
