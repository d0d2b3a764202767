// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "judge/trial/page_content.h"
#include "replayer/machine.h"
#include "replayer/memory_layout.h"
#include "replayer/page_shadow.h"

namespace fib::judge {

/// Content of memory: pages of the plan that are not as the case has them, by number.
using MemoryState = std::map<std::uint32_t, SharedPage>;

/// All memory of a case: sets it before a run, and tells what a run left. What it should hold is
/// kept in host memory, out of reach of what runs on the GPU. Pages are hashed where they lie: only
/// what no state has yet is read back. The GPU must be idle in all calls.
/// Throws driver::DriverError, replayer::ReplayFailed.
class TrialMemory {
 public:
  /// After Machine::restore(): what is there now is the case. `seed` is of what memory outside of
  /// all regions is filled with: the engine had nothing there.
  TrialMemory(replayer::Machine& machine, std::uint64_t seed);

  /// Makes memory what `state` says, and the case's where it says nothing.
  void set(const MemoryState& state);
  /// What is there.
  [[nodiscard]] MemoryState get();
  /// Where somebody wrote outside of all regions since the last set(), as one line.
  [[nodiscard]] std::optional<std::string> strayed();

  /// Bytes [address, address + bytes) in a state; nothing if they are not all in regions.
  [[nodiscard]] std::optional<std::vector<std::byte>> read(const MemoryState& state,
                                                           std::uint64_t address,
                                                           std::uint64_t bytes) const;
  /// Changes them in a state. False as above: nothing is changed then.
  bool write(MemoryState& state, std::uint64_t address, Bytes content) const;
  /// Fills them with a pattern in a state, as write() would.
  bool fill(MemoryState& state, std::uint64_t address, std::uint64_t bytes, std::uint64_t seed,
            std::uint32_t pattern);
  /// Parts of them, as offsets from `address`, outside of which two states are the same: by page.
  [[nodiscard]] std::vector<replayer::Range> differing(const MemoryState& a, const MemoryState& b,
                                                       std::uint64_t address,
                                                       std::uint64_t bytes) const;
  [[nodiscard]] bool same(const MemoryState& a, const MemoryState& b, std::uint32_t page) const {
    return hash(a, page) == hash(b, page);
  }
  /// Content of one page of the plan, valid until the next call.
  [[nodiscard]] Bytes page(const MemoryState& state, std::uint32_t page) const;

  struct Place {
    std::uint64_t address;
    std::uint32_t bytes, page;
  };
  /// Where a page lies.
  [[nodiscard]] const Place& place(std::uint32_t page) const { return places_[index_.at(page)]; }
  /// Bytes from here on that are in regions without a gap.
  [[nodiscard]] std::uint64_t bytes_from(std::uint64_t address) const;
  /// "byte 12 of page 3 of device memory 0x7f... (4096 bytes), address 0x7f...".
  [[nodiscard]] std::string describe(std::uint64_t address) const;

 private:
  /// Mapped, but of no region.
  struct Gap {
    std::uint64_t address;
    CUcontext context;
    std::vector<std::byte> content;
    std::vector<CUdeviceptr> pages;   ///< whole ones from its begin
    std::vector<trace::Hash> hashes;  ///< theirs
    bool dirty = true;
  };
  [[nodiscard]] const trace::Hash& hash(const MemoryState& state, std::uint32_t page) const;
  /// Pages that do not hold what a state says, by the hashes of the last look.
  void write_missing(const MemoryState& state, const std::vector<std::uint32_t>& changed);
  [[nodiscard]] SharedPage copied(const SharedPage& page, const Place& at,
                                  std::uint64_t written) const;
  [[nodiscard]] bool holds(std::uint64_t address, std::uint64_t bytes) const;
  /// Of the page that holds the address; places_.size() if none does.
  [[nodiscard]] std::size_t find(std::uint64_t address) const;
  template <class Visit>
  bool visit(std::uint64_t address, std::uint64_t bytes, Visit&& visit) const;
  void find_places();
  void find_gaps(std::uint64_t seed);
  /// Offset of the first byte that is not as it should be.
  [[nodiscard]] std::optional<std::uint64_t> first_wrong(const Gap& gap);

  replayer::Machine& m_;
  replayer::PageShadow shadow_;
  std::vector<Place> places_;                   ///< by address
  std::map<std::uint32_t, std::size_t> index_;  ///< page -> place
  std::vector<Gap> gaps_;
  KnownPages known_;
  PatternPages patterns_;
};

}  // namespace fib::judge
