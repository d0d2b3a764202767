// SPDX-License-Identifier: Apache-2.0
#include "replayer/reach.h"

#include <algorithm>
#include <cstring>

namespace fib::replayer {
namespace {

constexpr std::uint64_t kSmallRegion = std::uint64_t{1} << 20;
constexpr std::uint32_t kNone = UINT32_MAX;

}  // namespace

Reach::Reach(const Plan& plan, const std::vector<bool>& live,
             std::function<std::vector<std::byte>(std::uint32_t)> read)
    : plan_(plan), read_(std::move(read)) {
  for (std::uint32_t i = 0; i < plan.regions.size(); ++i)
    if (live[i]) by_address_.push_back(i);
  std::sort(by_address_.begin(), by_address_.end(), [&](std::uint32_t a, std::uint32_t b) {
    return plan.regions[a].fixed.address < plan.regions[b].fixed.address;
  });
}

std::uint32_t Reach::find(std::uint64_t address) const {
  const auto after = std::upper_bound(by_address_.begin(), by_address_.end(), address,
                                      [&](std::uint64_t a, std::uint32_t region) {
                                        return a < plan_.regions[region].fixed.address;
                                      });
  if (after == by_address_.begin()) return kNone;
  const std::uint32_t region = *std::prev(after);
  const trace::RegionRecord& fixed = plan_.regions[region].fixed;
  return address - fixed.address < fixed.bytes ? region : kNone;
}

void Reach::follow(std::uint64_t word) {
  const std::uint32_t found = find(word);
  if (found == kNone) return;
  regions_.insert(found);
  const RegionPlan& region = plan_.regions[found];
  pointed_.insert(region.first_page +
                  static_cast<std::uint32_t>((word - region.fixed.address) / trace::kPageBytes));
}

void Reach::from_parameters(trace::Bytes bytes) {
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 4) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    follow(word);
  }
}

void Reach::scan(std::uint32_t page) {
  if (!scanned_.insert(page).second) return;
  const std::vector<std::byte> content = read_(page);
  for (std::size_t at = 0; at + 8 <= content.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, content.data() + at, sizeof word);
    follow(word);
  }
}

void Reach::into_memory() {
  const std::set<std::uint32_t> regions = regions_, pointed = pointed_;
  for (const std::uint32_t index : regions) {
    const RegionPlan& region = plan_.regions[index];
    for (std::uint32_t page = region.first_page; page < region.first_page + region.pages; ++page)
      if (region.fixed.bytes <= kSmallRegion || pointed.contains(page)) scan(page);
  }
}

void Reach::into_all_memory() {
  for (std::size_t before = 0; before != regions_.size();) {
    const std::set<std::uint32_t> regions = regions_;
    before = regions.size();
    for (const std::uint32_t index : regions) {
      const RegionPlan& region = plan_.regions[index];
      for (std::uint32_t page = 0; page < region.pages; ++page) scan(region.first_page + page);
    }
  }
}

}  // namespace fib::replayer
