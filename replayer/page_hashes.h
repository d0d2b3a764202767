// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unordered_map>
#include <vector>

#include "replayer/plan.h"

namespace fib::replayer {

/// Gathers PageHashes records, which may come before the regions and points they belong to.
class PageHashReader {
 public:
  explicit PageHashReader(Plan& plan) : plan_(plan) {}
  void add(const trace::PageHashes& hashes);
  /// When all records have been read and before operations are ordered.
  void settle();

 private:
  struct Run {
    std::uint32_t region, first;
    std::uint16_t phase;
    bool stored;
    std::uint64_t point;
    std::vector<trace::Hash> hashes;
  };
  void settle(const Run& run, const RegionPlan& region);
  void settle_point(const Run& run, std::uint32_t page);

  Plan& plan_;
  std::vector<Run> runs_;
  std::unordered_map<std::uint64_t, PointPlan*> points_;
};

}  // namespace fib::replayer
