// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "trace/format.h"

namespace fib::recorder {

/// One allocation. `fixed.window` is 0 here.
struct LiveRegion {
  trace::RegionRecord fixed{};
  std::string name;  ///< of a symbol
};

constexpr std::uint16_t number_of(trace::RegionKind kind) noexcept {
  return static_cast<std::uint16_t>(kind);
}

/// Regions by address. Not thread-safe: Live has the mutex.
class MemoryMap {
 public:
  struct Entry {
    LiveRegion region;
    std::uint32_t uses = 1;  ///< IPC: how often it was opened
    /// By ordinal, which GPUs may touch it: a mapping none before its access rights are set.
    std::uint64_t gpus = ~std::uint64_t{0};
    bool imported = false;  ///< mappings: the memory of another process

    [[nodiscard]] bool accessible() const noexcept { return gpus != 0; }
  };
  using Entries = std::map<std::uint64_t, Entry>;
  using Node = Entries::node_type;

  /// Gives the region its number. What it overlaps must have gone unseen: that is forgotten.
  void insert(Entry entry);
  /// Without allocating, so that a failed call can put back what it took.
  [[nodiscard]] Node take(std::uint64_t base) noexcept;
  void put_back(Node node) noexcept;
  /// take() of everything that `wanted(entry)`.
  template <class Wanted>
  [[nodiscard]] std::vector<Node> take_if(Wanted&& wanted);

  /// The entry that starts at `base`, or null.
  [[nodiscard]] Entry* at(std::uint64_t base) noexcept;
  /// The entry that holds `address`, accessible or not; or null.
  [[nodiscard]] const Entry* entry_of(std::uint64_t address) const noexcept;
  /// The accessible region that holds `address`, as the GPU or as the CPU knows it; or null.
  [[nodiscard]] const LiveRegion* find(std::uint64_t address) const noexcept;
  /// Of accessible ones.
  [[nodiscard]] std::vector<LiveRegion> regions() const;

  /// The entries that lie within [address, address + bytes).
  template <class Use>
  void for_each_in(std::uint64_t address, std::uint64_t bytes, Use&& use);
  template <class Use>
  void for_each(Use&& use) {
    for (auto& [base, entry] : entries_) use(entry);
  }

  /// The entry became accessible: for whoever reads regions() it is a new one.
  void renumber(Entry& entry) noexcept { entry.region.fixed.region = new_number(); }
  [[nodiscard]] std::uint32_t new_number() noexcept { return ++last_number_; }

 private:
  Entries entries_;
  std::uint32_t last_number_ = 0;
  std::size_t aliased_ = 0;  ///< entries whose host address is another than the GPU's
};

template <class Wanted>
std::vector<MemoryMap::Node> MemoryMap::take_if(Wanted&& wanted) {
  std::vector<std::uint64_t> bases;
  for (const auto& [base, entry] : entries_)
    if (wanted(entry)) bases.push_back(base);
  std::vector<Node> nodes;
  nodes.reserve(bases.size());
  for (const std::uint64_t base : bases) nodes.push_back(take(base));
  return nodes;
}

template <class Use>
void MemoryMap::for_each_in(std::uint64_t address, std::uint64_t bytes, Use&& use) {
  const std::uint64_t end = address + bytes;
  for (auto it = entries_.lower_bound(address); it != entries_.end() && it->first < end; ++it)
    use(it->second);
}

}  // namespace fib::recorder
