// SPDX-License-Identifier: Apache-2.0
#include "replayer/page_hashes.h"

namespace fib::replayer {

using trace::HashPhase;

void PageHashReader::add(const trace::PageHashes& hashes) {
  if (hashes.fixed.window != plan_.window.number) return;
  const bool stored = (hashes.header.flags & trace::kPagesStored) != 0;
  for (const trace::HashRun& run : hashes.runs)
    runs_.push_back({hashes.fixed.region,
                     run.first,
                     hashes.fixed.phase,
                     stored,
                     hashes.fixed.point,
                     {run.hashes.begin(), run.hashes.end()}});
}

void PageHashReader::settle_point(const Run& run, std::uint32_t page) {
  const auto found = points_.find(run.point);
  if (found == points_.end()) return;
  found->second->stored = run.stored;
  for (std::uint32_t i = 0; i < run.hashes.size(); ++i)
    found->second->pages.push_back({page + i, run.hashes[i]});
}

void PageHashReader::settle(const Run& run, const RegionPlan& region) {
  if (run.first > region.pages || run.hashes.size() > region.pages - run.first) {
    plan_.deviations.add("recording: hashes of pages beyond the end of their region were skipped");
    return;
  }
  const std::uint32_t page = region.first_page + run.first;
  switch (static_cast<HashPhase>(run.phase)) {
    case HashPhase::State:
      for (std::uint32_t i = 0; i < run.hashes.size(); ++i) plan_.state[page + i] = run.hashes[i];
      return;
    case HashPhase::Changed:
      for (std::uint32_t i = 0; i < run.hashes.size(); ++i)
        plan_.changed.push_back({page + i, run.hashes[i]});
      return;
    case HashPhase::Point: settle_point(run, page); return;
  }
}

void PageHashReader::settle() {
  plan_.state.resize(plan_.pages);
  for (Operation& operation : plan_.operations)
    if (operation.point) points_[operation.point->fixed.point] = &*operation.point;
  std::unordered_map<std::uint32_t, const RegionPlan*> regions;
  for (const RegionPlan& region : plan_.regions) regions[region.fixed.region] = &region;
  for (const Run& run : runs_) {
    const auto found = regions.find(run.region);
    if (found != regions.end()) settle(run, *found->second);
  }
  runs_.clear();
}

}  // namespace fib::replayer
