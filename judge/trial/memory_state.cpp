// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/memory_state.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "driver/check.h"
#include "judge/trial/pattern.h"
#include "replayer/memory_layout.h"
#include "replayer/operations/executor.h"
#include "trace/checksum.h"

namespace fib::judge {
namespace {

using replayer::Range;
using replayer::RegionPlan;

std::string hex(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

}  // namespace

TrialMemory::TrialMemory(replayer::Machine& machine, std::uint64_t seed)
    : m_(machine), shadow_(machine) {
  find_places();
  find_gaps(seed);
  (void)shadow_.look();
}

void TrialMemory::find_places() {
  for (const std::uint32_t page : m_.table.live_pages()) {
    const RegionPlan& region = m_.plan.region_of(page);
    const auto number = static_cast<std::size_t>(&region - m_.plan.regions.data());
    places_.push_back(
        {*m_.memory.base(number) + std::uint64_t{page - region.first_page} * trace::kPageBytes,
         m_.pages.bytes_of(page), page});
  }
  std::sort(places_.begin(), places_.end(),
            [](const Place& a, const Place& b) { return a.address < b.address; });
  for (std::size_t i = 0; i < places_.size(); ++i) index_[places_[i].page] = i;
}

/// Memory comes in granules, so there is more of it than the regions have.
void TrialMemory::find_gaps(std::uint64_t seed) {
  std::vector<Range> regions;
  for (const Place& place : places_)
    regions.push_back({place.address, place.address + place.bytes});
  regions = replayer::joined(std::move(regions));
  // Which views share memory makes no difference to what is mapped.
  const auto layout = replayer::lay_out(m_.plan, [](std::size_t, std::size_t) { return true; });
  for (const auto& piece : layout.mapped) {
    const CUcontext context = m_.contexts.of_device(layout.physical[piece.physical].device);
    for (const Range& gap : replayer::cut({piece.range}, regions, false)) {
      Gap& made = gaps_.emplace_back(Gap{gap.begin, context, {}, {}, {}});
      made.content.resize(gap.bytes());
      fill_pattern(made.content, seed ^ gap.begin, 0);
      if (gap.begin % 8 != 0) continue;  // can't be hashed on the GPU
      for (std::uint64_t at = 0; at + trace::kPageBytes <= gap.bytes(); at += trace::kPageBytes) {
        made.pages.push_back(gap.begin + at);
        made.hashes.push_back(
            trace::content_hash(Bytes(made.content).subspan(at, trace::kPageBytes)));
      }
    }
  }
}

void TrialMemory::set(const MemoryState& state) {
  std::vector<std::uint32_t> changed = shadow_.changes(), wrong = changed;
  std::erase_if(wrong, [&](std::uint32_t page) { return state.contains(page); });
  if (!wrong.empty()) {
    shadow_.put_back(wrong);
    changed = shadow_.changes();  // other pages may be views of the same memory
  }
  write_missing(state, changed);
  for (Gap& gap : gaps_) {
    if (!gap.dirty) continue;
    m_.contexts.enter(gap.context);
    FIB_DRIVER_CHECK(m_.api, cuMemcpyHtoD_v2(gap.address, gap.content.data(), gap.content.size()));
    gap.dirty = false;
  }
  m_.progress.beat();
}

void TrialMemory::write_missing(const MemoryState& state,
                                const std::vector<std::uint32_t>& changed) {
  std::map<std::uint32_t, const trace::Hash*> now;
  for (std::size_t i = 0; i < changed.size(); ++i)
    now.emplace(changed[i], &shadow_.changed_hashes()[i]);
  for (const auto& [page, content] : state) {
    known_.add(content);
    const auto found = now.find(page);
    if ((found == now.end() ? shadow_.hash(page) : *found->second) == content->hash()) continue;
    m_.pages.write(page, content->bytes());
  }
  m_.pages.flush();
}

MemoryState TrialMemory::get() {
  MemoryState state;
  const std::vector<std::uint32_t> changed = shadow_.changes();
  const std::vector<trace::Hash>& hashes = shadow_.changed_hashes();
  std::vector<std::uint32_t> unknown;
  known_.drop_unused();
  for (std::size_t i = 0; i < changed.size(); ++i)
    if ((state[changed[i]] = known_.find(hashes[i])) == nullptr) unknown.push_back(changed[i]);
  std::size_t at = 0;  // in `changed`, which has the same order
  m_.pages.read_many(unknown, [&](std::uint32_t page, trace::Bytes content) {
    while (changed[at] != page) ++at;
    const auto made = std::make_shared<PageContent>(content, hashes[at]);
    known_.add(made);
    state[page] = made;
    m_.progress.beat();
  });
  return state;
}

std::optional<std::string> TrialMemory::strayed() {
  std::optional<std::string> found;
  for (Gap& gap : gaps_) {
    const std::optional<std::uint64_t> wrong = first_wrong(gap);
    if (!wrong) continue;
    gap.dirty = true;
    if (!found) found = describe(gap.address + *wrong);
  }
  return found;
}

std::optional<std::uint64_t> TrialMemory::first_wrong(const Gap& gap) {
  const std::vector<trace::Hash> hashes = m_.pages.hash_at(gap.context, gap.pages);
  const auto first = std::ranges::mismatch(hashes, gap.hashes).in1 - hashes.begin();
  const std::uint64_t at = static_cast<std::uint64_t>(first) * trace::kPageBytes;
  const Bytes expected = Bytes(gap.content).subspan(at);
  if (expected.empty()) return std::nullopt;
  std::vector<std::byte> now(expected.size());
  m_.contexts.enter(gap.context);
  FIB_DRIVER_CHECK(m_.api, cuMemcpyDtoH_v2(now.data(), gap.address + at, now.size()));
  const auto wrong = std::ranges::mismatch(now, expected).in1;
  if (wrong == now.end()) return std::nullopt;
  return at + static_cast<std::uint64_t>(wrong - now.begin());
}

std::size_t TrialMemory::find(std::uint64_t address) const {
  const auto after =
      std::upper_bound(places_.begin(), places_.end(), address,
                       [](std::uint64_t at, const Place& place) { return at < place.address; });
  if (after == places_.begin()) return places_.size();
  const auto place = std::prev(after);
  return address - place->address < place->bytes ? static_cast<std::size_t>(place - places_.begin())
                                                 : places_.size();
}

/// Calls visit(place, offset in the page, offset in the range, bytes) for each piece. False, and no
/// call, if not all of the range is there.
template <class Visit>
bool TrialMemory::visit(std::uint64_t address, std::uint64_t bytes, Visit&& visit) const {
  if (!holds(address, bytes)) return false;
  std::size_t index = bytes == 0 ? 0 : find(address);
  for (std::uint64_t done = 0; done < bytes; ++index) {
    const std::uint64_t offset = address + done - places_[index].address;
    const std::uint64_t n = std::min(bytes - done, places_[index].bytes - offset);
    visit(places_[index], offset, done, n);
    done += n;
  }
  return true;
}

Bytes TrialMemory::page(const MemoryState& state, std::uint32_t page) const {
  if (const auto found = state.find(page); found != state.end()) return found->second->bytes();
  const trace::Bytes content = m_.contents.read(shadow_.hash(page), m_.pages.bytes_of(page));
  if (content.empty())
    throw replayer::ReplayFailed(replayer::describe_page(m_.plan, page) +
                                 ": its content is missing or damaged");
  return content;
}

const trace::Hash& TrialMemory::hash(const MemoryState& state, std::uint32_t page) const {
  const auto found = state.find(page);
  return found == state.end() ? shadow_.hash(page) : found->second->hash();
}

std::vector<Range> TrialMemory::differing(const MemoryState& a, const MemoryState& b,
                                          std::uint64_t address, std::uint64_t bytes) const {
  std::vector<Range> found;
  visit(address, bytes, [&](const Place& at, std::uint64_t, std::uint64_t from, std::uint64_t n) {
    if (same(a, b, at.page)) return;
    if (!found.empty() && found.back().end == from)
      found.back().end += n;
    else
      found.push_back({from, from + n});
  });
  return found;
}

std::optional<std::vector<std::byte>> TrialMemory::read(const MemoryState& state,
                                                        std::uint64_t address,
                                                        std::uint64_t bytes) const {
  std::vector<std::byte> content;
  content.reserve(bytes);
  const bool all = visit(address, bytes,
                         [&](const Place& at, std::uint64_t from, std::uint64_t, std::uint64_t n) {
                           const Bytes piece = page(state, at.page).subspan(from, n);
                           content.insert(content.end(), piece.begin(), piece.end());
                         });
  if (!all) return std::nullopt;
  return content;
}

bool TrialMemory::write(MemoryState& state, std::uint64_t address, Bytes content) const {
  const auto write_piece = [&](const Place& at, std::uint64_t to, std::uint64_t from,
                               std::uint64_t n) {
    SharedPage& now = state[at.page];
    // What stays the same stays shared, and need not be hashed again.
    if (now && std::memcmp(now->bytes().data() + to, content.data() + from, n) == 0) return;
    if (now == nullptr || now.use_count() > 1 || now->is_settled()) now = copied(now, at, n);
    std::memcpy(now->change().data() + to, content.data() + from, n);
  };
  return visit(address, content.size(), write_piece);
}

/// For a state's own, of a page (null: the case's) of which `written` bytes are written over now.
SharedPage TrialMemory::copied(const SharedPage& page, const Place& at,
                               std::uint64_t written) const {
  if (written == at.bytes) return std::make_shared<PageContent>(std::vector<std::byte>(at.bytes));
  const Bytes before = page ? page->bytes() : this->page({}, at.page);
  return std::make_shared<PageContent>(std::vector(before.begin(), before.end()));
}

bool TrialMemory::fill(MemoryState& state, std::uint64_t address, std::uint64_t bytes,
                       std::uint64_t seed, std::uint32_t pattern) {
  return visit(address, bytes,
               [&](const Place& at, std::uint64_t, std::uint64_t from, std::uint64_t n) {
                 if (n == trace::kPageBytes) {
                   state[at.page] = patterns_.page(seed, pattern, at.address);
                   return;
                 }
                 std::vector<std::byte> content(n);
                 fill_pattern(content, seed, pattern, address + from);
                 (void)write(state, address + from, content);
               });
}

bool TrialMemory::holds(std::uint64_t address, std::uint64_t bytes) const {
  if (bytes == 0) return true;
  std::size_t index = find(address);
  if (index == places_.size()) return false;
  std::uint64_t end = places_[index].address + places_[index].bytes;
  for (++index; end - address < bytes; end += places_[index++].bytes)
    if (index == places_.size() || places_[index].address != end) return false;
  return true;
}

std::uint64_t TrialMemory::bytes_from(std::uint64_t address) const {
  std::size_t index = find(address);
  if (index == places_.size()) return 0;
  std::uint64_t end = places_[index].address + places_[index].bytes;
  for (++index; index < places_.size() && places_[index].address == end; ++index)
    end += places_[index].bytes;
  return end - address;
}

std::string TrialMemory::describe(std::uint64_t address) const {
  const std::size_t index = find(address);
  if (index == places_.size()) return "address " + hex(address) + ", where nothing belongs";
  const Place& place = places_[index];
  return "byte " + std::to_string(address - place.address) + " of " +
         replayer::describe_page(m_.plan, place.page) + ", address " + hex(address);
}

}  // namespace fib::judge
