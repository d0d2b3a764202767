// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "replayer/contents.h"
#include "replayer/page_access.h"
#include "replayer/progress.h"

namespace fib::replayer {

/// A page whose content here is not the recorded one.
struct PageDifference {
  std::uint32_t page;
  trace::Hash recorded, here;
};

/// Which regions are live, and what their pages held in the recording, as operations pass by.
class PageTable {
 public:
  PageTable(const Plan& plan, PageAccess& access, Contents& contents, const Memory& memory,
            Deviations& deviations, Progress& progress)
      : plan_(plan),
        access_(access),
        contents_(contents),
        memory_(memory),
        deviations_(deviations),
        progress_(progress) {}

  /// Brings memory back to the window's begin: only pages that differ are written. Throws Refusal
  /// for a page that is missing or damaged, unless `force` makes it a deviation.
  void restore(bool force);
  /// A region becomes live: gets its first content. The GPU must be idle.
  void birth(std::uint32_t region);
  void death(std::uint32_t region);
  /// The recording's state moves on to a point.
  void pass(const PointPlan& point);
  /// ... and to the end of the window.
  void pass_end();
  /// Writes what the recording had at a point over what is here; pages that can't be are
  /// deviations.
  void write_point(const PointPlan& point);

  /// Pages of live regions that are there, in order.
  [[nodiscard]] const std::vector<std::uint32_t>& live_pages();
  /// Their hashes, in that order. The GPU must be idle.
  void hash_live_pages(std::vector<trace::Hash>& hashes);
  /// What the page held in the recording, if that is known.
  [[nodiscard]] const std::optional<trace::Hash>& recorded(std::uint32_t page) const {
    return recorded_[page];
  }
  /// Live pages that are not as recorded. The GPU must be idle. `hashes`, if given, gets the hash
  /// of every live page, zeros for the others.
  [[nodiscard]] std::vector<PageDifference> compare(std::vector<trace::Hash>* hashes);

 private:
  void bring_back(const std::vector<std::uint32_t>& pages, bool force);
  bool write(std::uint32_t page, const trace::Hash& hash);
  bool write_content(std::uint32_t page, trace::Bytes content);
  void missing(std::uint32_t page, const trace::Hash& hash, bool force);

  const Plan& plan_;
  PageAccess& access_;
  Contents& contents_;
  const Memory& memory_;
  Deviations& deviations_;
  Progress& progress_;
  void live_changed() { places_.reset(); }

  std::vector<bool> live_;  ///< by region
  std::vector<std::uint32_t> live_pages_;
  std::unique_ptr<PageAccess::Places> places_;  ///< of live_pages_; null when they are to be found
  std::vector<std::optional<trace::Hash>> recorded_;
};

/// "page 3 of device memory 0x7f0000000000 (4.00 MiB)", to name a page in messages.
[[nodiscard]] std::string describe_page(const Plan& plan, std::uint32_t page);

}  // namespace fib::replayer
