// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "replayer/plan.h"

namespace fib::replayer {

/// Finds the regions that a launch can get at: an address may stand anywhere in its parameters, in
/// structures and descriptors too, and in memory that these point to.
class Reach {
 public:
  /// `live` tells which regions count; `read(page)` the content of a page of the plan.
  Reach(const Plan& plan, const std::vector<bool>& live,
        std::function<std::vector<std::byte>(std::uint32_t)> read);

  /// Regions that the words of `bytes` point into, at every multiple of 4.
  void from_parameters(trace::Bytes bytes);
  /// One level into memory: all of small regions, of others the pages that are pointed to.
  void into_memory();
  /// On and on, through all pages, until nothing new is found.
  void into_all_memory();

  [[nodiscard]] const std::set<std::uint32_t>& regions() const { return regions_; }

 private:
  void follow(std::uint64_t word);
  void scan(std::uint32_t page);
  [[nodiscard]] std::uint32_t find(std::uint64_t address) const;

  const Plan& plan_;
  std::function<std::vector<std::byte>(std::uint32_t)> read_;
  std::vector<std::uint32_t> by_address_;  ///< live regions
  std::set<std::uint32_t> regions_;
  std::set<std::uint32_t> pointed_, scanned_;  ///< pages
};

}  // namespace fib::replayer
