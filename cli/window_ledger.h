// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "trace/reader.h"

namespace fib::cli {

/// One window of a process.
struct WindowFacts {
  std::uint32_t number = 0;
  std::uint64_t begin_ticks = 0, end_ticks = 0;  ///< `end_ticks` 0: the window was never ended
  std::string reason, text;                      ///< of the begin: "range", "decode"
  std::string end_reason, end_text;
  std::uint32_t verify = 0;        ///< trace::VerifyLevel
  std::uint64_t pause_ns = 0;      ///< at both marks together
  std::uint64_t live_bytes = 0;    ///< at the begin
  std::uint64_t pages = 0;         ///< hashed at the begin
  std::uint64_t stored_pages = 0;  ///< that were new, at both marks together
  std::uint64_t stored_bytes = 0;
  std::uint64_t regions = 0, points = 0, effects = 0;
  std::uint64_t launches = 0, graph_launches = 0;  ///< that began within it; failed ones included
};

/// Puts the records of windows together.
class WindowLedger {
 public:
  void mark(const trace::Window& window);
  void region(const trace::Region& region) { ++windows_[region.fixed.window].regions; }
  void point(const trace::Point& point) {
    points_.push_back({point.header.time, point.fixed.kind});
  }

  /// In order of time. Windows without a begin (its record was lost) are left out.
  [[nodiscard]] std::vector<WindowFacts> settle();

 private:
  struct PointSeen {
    std::uint64_t time;
    std::uint16_t kind;
  };
  std::map<std::uint32_t, WindowFacts> windows_;
  std::vector<PointSeen> points_;
};

/// Counts the launches in each window by reading the log once more: the records of a window can
/// stand in the file before its begin.
void count_launches(const std::filesystem::path& log, std::vector<WindowFacts>& windows);

/// "range" for WindowReason::Range; "reason 99" for what this build does not know.
[[nodiscard]] std::string window_reason_name(std::uint16_t reason);
/// "pinned" for RegionKind::Pinned, and so on.
[[nodiscard]] std::string region_kind_name(std::uint16_t kind);
/// "window" for VerifyLevel::Window, and so on.
[[nodiscard]] std::string verify_level_name(std::uint32_t level);
/// "foreign memory" for EffectReason::Foreign, and so on; "" for None.
[[nodiscard]] std::string effect_reason_name(std::uint16_t reason);

}  // namespace fib::cli
