// SPDX-License-Identifier: Apache-2.0
#include "judge/trial/memory_state.h"

#include <algorithm>
#include <cstring>

#include "driver/check.h"
#include "judge/trial/pattern.h"
#include "replayer/memory_layout.h"
#include "replayer/operations/executor.h"

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
      Gap& made = gaps_.emplace_back(Gap{gap.begin, context, {}});
      made.content.resize(gap.bytes());
      fill_pattern(made.content, seed ^ gap.begin, 0);
    }
  }
}

void TrialMemory::set(const MemoryState& state) {
  std::vector<std::uint32_t> wrong = shadow_.changes();
  std::erase_if(wrong, [&](std::uint32_t page) { return state.contains(page); });
  shadow_.put_back(wrong);
  for (const auto& [page, content] : state) m_.pages.write(page, content);
  m_.pages.flush();
  for (Gap& gap : gaps_) {
    if (!gap.dirty) continue;
    m_.contexts.enter(gap.context);
    FIB_DRIVER_CHECK(m_.api, cuMemcpyHtoD_v2(gap.address, gap.content.data(), gap.content.size()));
    gap.dirty = false;
  }
  m_.progress.beat();
}

MemoryState TrialMemory::get() {
  MemoryState state;
  for (const std::uint32_t page : shadow_.changes()) {
    state.emplace(page, m_.pages.read(page));
    m_.progress.beat();
  }
  return state;
}

std::optional<std::string> TrialMemory::strayed() {
  std::optional<std::string> found;
  std::vector<std::byte> now;
  for (Gap& gap : gaps_) {
    now.resize(gap.content.size());
    m_.contexts.enter(gap.context);
    FIB_DRIVER_CHECK(m_.api, cuMemcpyDtoH_v2(now.data(), gap.address, now.size()));
    const auto [a, b] = std::mismatch(now.begin(), now.end(), gap.content.begin());
    if (a == now.end()) continue;
    gap.dirty = true;
    if (!found) found = describe(gap.address + static_cast<std::uint64_t>(a - now.begin()));
  }
  return found;
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

/// Calls visit(place, offset in the page, offset in the range, bytes) for each piece.
template <class Visit>
bool TrialMemory::visit(std::uint64_t address, std::uint64_t bytes, Visit&& visit) const {
  for (std::uint64_t done = 0; done < bytes;) {
    const std::size_t index = find(address + done);
    if (index == places_.size()) return false;
    const std::uint64_t offset = address + done - places_[index].address;
    const std::uint64_t n = std::min(bytes - done, places_[index].bytes - offset);
    visit(places_[index], offset, done, n);
    done += n;
  }
  return true;
}

Bytes TrialMemory::page(const MemoryState& state, std::uint32_t page) const {
  if (const auto found = state.find(page); found != state.end()) return found->second;
  const trace::Bytes content = m_.contents.read(shadow_.hash(page), m_.pages.bytes_of(page));
  if (content.empty())
    throw replayer::ReplayFailed(replayer::describe_page(m_.plan, page) +
                                 ": its content is missing or damaged");
  return content;
}

std::optional<std::vector<std::byte>> TrialMemory::read(const MemoryState& state,
                                                        std::uint64_t address,
                                                        std::uint64_t bytes) const {
  if (bytes_from(address) < bytes) return std::nullopt;
  std::vector<std::byte> content(bytes);
  visit(address, bytes,
        [&](const Place& at, std::uint64_t from, std::uint64_t to, std::uint64_t n) {
          std::memcpy(content.data() + to, page(state, at.page).data() + from, n);
        });
  return content;
}

bool TrialMemory::write(MemoryState& state, std::uint64_t address, Bytes content) const {
  if (bytes_from(address) < content.size()) return false;
  return visit(address, content.size(),
               [&](const Place& at, std::uint64_t to, std::uint64_t from, std::uint64_t n) {
                 const Bytes before = page(state, at.page);
                 auto& now = state.try_emplace(at.page, before.begin(), before.end()).first->second;
                 std::memcpy(now.data() + to, content.data() + from, n);
               });
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
  if (index == places_.size()) return "address " + hex(address) + ", where the engine has nothing";
  const Place& place = places_[index];
  return "byte " + std::to_string(address - place.address) + " of " +
         replayer::describe_page(m_.plan, place.page) + ", address " + hex(address);
}

}  // namespace fib::judge
