// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "recorder/context_tools.h"
#include "recorder/live.h"
#include "recorder/page_spool.h"
#include "recorder/window_log.h"
#include "recorder/worker_pool.h"

namespace fib::recorder {

/// A region and the hashes of its pages, as they are now.
struct ScannedRegion {
  LiveRegion region;
  std::vector<trace::Hash> hashes;
  bool unreadable = false;  ///< host memory that is not there any more
};
using Scan = std::vector<ScannedRegion>;

/// The contents of the engine's memory: hashed, compared with what was known of them, and new pages
/// handed to the spool. One thread at a time, with the GPU idle (but for add()) and the capture
/// mode relaxed. Never throws; what failed is told by the result and failure().
class MemoryImage {
 public:
  struct Totals {
    std::uint64_t live_bytes = 0, pages = 0;
  };

  MemoryImage(Session& session, const driver::DriverApi& api, const Live& live,
              PageSpool& spool) noexcept
      : session_(session), api_(api), live_(live), spool_(spool), log_(session) {}

  /// Begin of a window: Region and State records of `regions`, contents into the store, if all that
  /// is new has at most `budget` bytes.
  [[nodiscard]] bool take(std::uint32_t window, std::vector<LiveRegion> regions,
                          std::uint64_t budget) noexcept;
  /// A region that came into being within the window. `with_content`: also State records.
  [[nodiscard]] bool add(std::uint32_t window, const LiveRegion& region,
                         bool with_content) noexcept;
  /// End: Changed records. `regions` as they are now.
  [[nodiscard]] bool compare(std::uint32_t window, std::vector<LiveRegion> regions) noexcept;
  /// Point records, with contents; from now on that is what is known.
  [[nodiscard]] bool point(std::uint32_t window, std::vector<LiveRegion> regions,
                           std::uint64_t point, std::uint64_t& changed_pages) noexcept;

  /// Whether add() or take() saw it.
  [[nodiscard]] bool knows(std::uint32_t region) const noexcept { return known_.contains(region); }
  /// What is known of its pages, or null.
  [[nodiscard]] const std::vector<trace::Hash>* known(std::uint32_t region) const noexcept {
    const auto found = known_.find(region);
    return found != known_.end() ? &found->second : nullptr;
  }
  [[nodiscard]] const Totals& totals() const noexcept { return totals_; }
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

  /// Before a context goes: gives back what we have in it.
  void context_ending(CUcontext context) noexcept;
  /// The same for all contexts, when no further window is expected.
  void release() noexcept;

 private:
  using Pages = std::vector<std::size_t>;
  /// What has to be copied from one context's memory.
  struct NewPages {
    std::vector<ContextTools::Piece> pieces;
    std::vector<trace::Hash> hashes;
  };

  [[nodiscard]] bool scan(std::vector<LiveRegion> regions, Scan& scan);
  [[nodiscard]] bool scan_device(CUcontext context, const std::vector<ScannedRegion*>& regions);
  void scan_host(ScannedRegion& region);
  [[nodiscard]] bool store(Scan& scan, std::uint64_t budget);
  [[nodiscard]] bool store(Scan& scan, const std::vector<Pages>& wanted);
  [[nodiscard]] bool store_device(CUcontext context, const NewPages& pages);
  [[nodiscard]] bool store_host(ScannedRegion& region, const Pages& pages);
  [[nodiscard]] CUcontext context_of(const LiveRegion& region) const noexcept;
  [[nodiscard]] ContextTools* tools_in(CUcontext context);
  [[nodiscard]] bool differs(const ScannedRegion& region, std::size_t page) const noexcept;
  bool fail(const char* what, CUresult error) noexcept;
  bool fail(std::string what) noexcept;

  Session& session_;
  const driver::DriverApi& api_;
  const Live& live_;
  PageSpool& spool_;
  WindowLog log_;
  WorkerPool pool_;
  std::vector<LiveContext> contexts_;
  std::map<CUcontext, std::unique_ptr<ContextTools>> tools_;
  std::unordered_map<std::uint32_t, std::vector<trace::Hash>> known_;  ///< by region
  Totals totals_;
  std::string failure_;
};

[[nodiscard]] ContextTools::Piece piece_of(const ScannedRegion& region, std::size_t page) noexcept;
/// Whether the CPU reads it, and not a GPU.
[[nodiscard]] bool is_host_memory(const LiveRegion& region) noexcept;
[[nodiscard]] constexpr std::size_t page_count(std::uint64_t bytes) noexcept {
  return static_cast<std::size_t>((bytes + trace::kPageBytes - 1) / trace::kPageBytes);
}
/// Of page `page` in a region of `bytes`.
[[nodiscard]] constexpr std::uint32_t page_bytes(std::uint64_t bytes, std::size_t page) noexcept {
  const std::uint64_t left = bytes - std::uint64_t{page} * trace::kPageBytes;
  return left < trace::kPageBytes ? static_cast<std::uint32_t>(left) : trace::kPageBytes;
}

}  // namespace fib::recorder
