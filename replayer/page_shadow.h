// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "replayer/machine.h"

namespace fib::replayer {

/// Knows what every live page held when it looked last, and can put that back: by hash, with the
/// contents that the store does not have remembered. The GPU must be idle in all calls.
class PageShadow {
 public:
  explicit PageShadow(Machine& machine) : m_(machine) {}

  /// Looks at memory. Returns the pages that changed since the last look, which is what it keeps;
  /// regions that were not live then do not count as changed.
  std::vector<std::uint32_t> look();
  /// Which pages differ from the last look; keeps that look.
  std::vector<std::uint32_t> changes();
  /// The hashes that changes() found for the pages it returned, in the same order.
  [[nodiscard]] const std::vector<trace::Hash>& changed_hashes() const { return changed_hashes_; }
  /// Puts pages back to what they held at the last look.
  void put_back(std::span<const std::uint32_t> pages);

  [[nodiscard]] const trace::Hash& hash(std::uint32_t page) const { return hashes_[page]; }
  [[nodiscard]] bool knows(std::uint32_t page) const { return known_[page]; }
  /// A page is known to hold this now, which the store has.
  void set(std::uint32_t page, const trace::Hash& hash);

 private:
  void keep(std::uint32_t page, const trace::Hash& hash);
  void drop(std::uint32_t page);

  Machine& m_;
  std::vector<trace::Hash> hashes_;  ///< by page
  std::vector<bool> known_, remembered_;
  std::vector<trace::Hash> changed_hashes_;
};

}  // namespace fib::replayer
