// SPDX-License-Identifier: Apache-2.0
#include "replayer/page_table.h"

#include <algorithm>
#include <cstdio>

#include "replayer/error.h"

namespace fib::replayer {
namespace {

constexpr std::size_t kPagesAtOnce = 16384;  // 1 GiB

const char* kind_name(trace::RegionKind kind) {
  switch (kind) {
    case trace::RegionKind::Device: return "device memory";
    case trace::RegionKind::Pool: return "pool memory";
    case trace::RegionKind::Mapped: return "mapped memory";
    case trace::RegionKind::Managed: return "managed memory";
    case trace::RegionKind::Pinned: return "pinned memory";
    case trace::RegionKind::Registered: return "registered memory";
    case trace::RegionKind::Symbol: return "global";
    case trace::RegionKind::Foreign: return "foreign memory";
  }
  return "memory";
}

}  // namespace

std::string describe_page(const Plan& plan, std::uint32_t page) {
  const RegionPlan& region = plan.region_of(page);
  const std::uint32_t number = page - region.first_page;
  char text[200];
  std::snprintf(text, sizeof text, "page %u of %s 0x%llx (%llu bytes)", number,
                kind_name(region.kind()), static_cast<unsigned long long>(region.fixed.address),
                static_cast<unsigned long long>(region.fixed.bytes));
  return region.name.empty() ? text : std::string(text) + " " + region.name;
}

void PageTable::missing(std::uint32_t page, const trace::Hash& hash, bool force) {
  const std::string text = describe_page(plan_, page) + ": its content " + trace::hash_hex(hash) +
                           " is missing from the capture's pages/, or damaged";
  if (!force) throw Refusal(text + " (--force replays without it)");
  deviations_.add(text);
}

bool PageTable::write(std::uint32_t page, const trace::Hash& hash) {
  return write_content(page, contents_.read(hash, access_.bytes_of(page)));
}

bool PageTable::write_content(std::uint32_t page, trace::Bytes content) {
  if (content.empty()) return false;
  if (memory_.has_moved_pointer(content))
    deviations_.add("stored memory holds addresses of globals that are elsewhere here");
  access_.write(page, content);
  return true;
}

void PageTable::bring_back(const std::vector<std::uint32_t>& pages, bool force) {
  std::vector<trace::Hash> hashes;
  std::vector<std::uint32_t> other, written;
  std::vector<Contents::Wanted> wanted;
  access_.hash(pages, hashes);
  for (std::size_t i = 0; i < pages.size(); ++i) {
    if (hashes[i] == *plan_.state[pages[i]]) continue;
    other.push_back(pages[i]);
    wanted.push_back({*plan_.state[pages[i]], access_.bytes_of(pages[i])});
  }
  contents_.read_many(wanted, [&](std::size_t i, trace::Bytes content) {
    if (write_content(other[i], content))
      written.push_back(other[i]);
    else
      missing(other[i], wanted[i].hash, force);
    progress_.beat();
  });
  access_.hash(written, hashes);
  for (std::size_t i = 0; i < written.size(); ++i)
    if (hashes[i] != *plan_.state[written[i]])
      throw Refusal(describe_page(plan_, written[i]) + " does not keep what is written to it");
}

void PageTable::restore(bool force) {
  recorded_ = plan_.state;
  live_.assign(plan_.regions.size(), false);
  live_changed();
  std::vector<std::uint32_t> pages;
  const auto flush = [&] {
    bring_back(pages, force);
    pages.clear();
  };
  for (std::size_t i = 0; i < plan_.regions.size(); ++i) {
    const RegionPlan& region = plan_.regions[i];
    if (region.born != 0) {
      std::fill_n(recorded_.begin() + region.first_page, region.pages, std::nullopt);
      continue;
    }
    live_[i] = true;
    if (!memory_.base(i)) continue;
    for (std::uint32_t page = region.first_page; page < region.first_page + region.pages; ++page) {
      if (plan_.state[page]) pages.push_back(page);
      if (pages.size() == kPagesAtOnce) flush();
    }
  }
  flush();
}

void PageTable::birth(std::uint32_t index) {
  const RegionPlan& region = plan_.regions[index];
  live_[index] = true;
  live_changed();
  std::vector<std::uint32_t> pages;
  for (std::uint32_t page = region.first_page; page < region.first_page + region.pages; ++page) {
    recorded_[page] = plan_.state[page];
    if (plan_.state[page] && memory_.base(index)) pages.push_back(page);
  }
  bring_back(pages, true);
}

void PageTable::pass(const PointPlan& point) {
  for (const PageContent& page : point.pages) recorded_[page.page] = page.hash;
}

void PageTable::pass_end() {
  for (const PageContent& page : plan_.changed) recorded_[page.page] = page.hash;
}

void PageTable::write_point(const PointPlan& point) {
  for (const PageContent& page : point.pages) {
    if (!access_.has(page.page)) continue;
    if (!write(page.page, page.hash)) missing(page.page, page.hash, true);
  }
  access_.flush();
}

void PageTable::death(std::uint32_t region) {
  live_[region] = false;
  live_changed();
}

const std::vector<std::uint32_t>& PageTable::live_pages() {
  if (places_) return live_pages_;
  live_pages_.clear();
  for (std::size_t i = 0; i < plan_.regions.size(); ++i) {
    if (!live_[i] || !memory_.base(i)) continue;
    const RegionPlan& region = plan_.regions[i];
    for (std::uint32_t page = 0; page < region.pages; ++page)
      live_pages_.push_back(region.first_page + page);
  }
  places_ = access_.places(live_pages_);
  return live_pages_;
}

void PageTable::hash_live_pages(std::vector<trace::Hash>& hashes) {
  (void)live_pages();
  access_.hash(*places_, hashes);
}

std::vector<PageDifference> PageTable::compare(std::vector<trace::Hash>* hashes) {
  const std::vector<std::uint32_t>& pages = live_pages();
  std::vector<trace::Hash> found;
  hash_live_pages(found);
  if (hashes != nullptr) hashes->assign(plan_.pages, trace::Hash{});
  std::vector<PageDifference> differences;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    if (hashes != nullptr) (*hashes)[pages[i]] = found[i];
    const std::optional<trace::Hash>& wanted = recorded_[pages[i]];
    if (wanted && *wanted != found[i]) differences.push_back({pages[i], *wanted, found[i]});
  }
  return differences;
}

}  // namespace fib::replayer
