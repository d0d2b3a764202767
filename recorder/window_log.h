// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "recorder/memory_map.h"
#include "recorder/session.h"
#include "trace/records.h"

namespace fib::recorder {

/// Writes the definitions that make a window. When the definitions' buffer is full it waits for the
/// writer thread, which is all right while the engine waits anyway. False: not written, for good.
class WindowLog {
 public:
  explicit WindowLog(Session& session) noexcept : session_(session) {}

  bool window(const trace::WindowRecord& record, std::string_view text) noexcept;
  bool region(std::uint32_t window, const LiveRegion& region) noexcept;
  bool stream(std::uint32_t window, trace::StreamRecord record) noexcept;

  /// The pages of one region for which `chosen(page)`, in records of moderate size.
  template <class Chosen>
  bool hashes(const trace::PageHashesRecord& fixed, bool stored, std::span<const trace::Hash> pages,
              Chosen&& chosen) noexcept;

 private:
  static constexpr std::size_t kMaxRuns = 512;
  static constexpr std::size_t kMaxPages = 4096;

  /// Runs of one record on its way.
  struct Runs {
    trace::HashRun list[kMaxRuns];
    std::size_t count = 0, pages = 0;
  };

  template <class Encode>
  bool add(Encode&& encode) noexcept;
  bool write_runs(const trace::PageHashesRecord& fixed, bool stored, Runs& runs) noexcept;

  Session& session_;
};

template <class Chosen>
bool WindowLog::hashes(const trace::PageHashesRecord& fixed, bool stored,
                       std::span<const trace::Hash> pages, Chosen&& chosen) noexcept {
  Runs runs;
  for (std::size_t i = 0; i < pages.size();) {
    std::size_t end = i;
    while (end < pages.size() && end - i < kMaxPages - runs.pages && chosen(end)) ++end;
    if (end == i) {
      ++i;
      continue;
    }
    runs.list[runs.count++] = {static_cast<std::uint32_t>(i), pages.subspan(i, end - i)};
    runs.pages += end - i;
    i = end;
    if ((runs.count == kMaxRuns || runs.pages == kMaxPages) && !write_runs(fixed, stored, runs))
      return false;
  }
  return runs.count == 0 || write_runs(fixed, stored, runs);
}

}  // namespace fib::recorder
