// SPDX-License-Identifier: Apache-2.0
#include "cli/window_ledger.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace fib::cli {
namespace {

/// The window that holds `ticks`, or null. Windows are in order of time and don't overlap; if a
/// damaged log says otherwise, the later one counts.
WindowFacts* window_at(std::vector<WindowFacts>& windows, std::uint64_t ticks) {
  const auto after = std::upper_bound(
      windows.begin(), windows.end(), ticks,
      [](std::uint64_t time, const WindowFacts& window) { return time < window.begin_ticks; });
  if (after == windows.begin()) return nullptr;
  WindowFacts& window = *std::prev(after);
  return window.end_ticks == 0 || ticks < window.end_ticks ? &window : nullptr;
}

class LaunchCounter : public trace::Visitor {
 public:
  explicit LaunchCounter(std::vector<WindowFacts>& windows) : windows_(windows) {}
  void on_launch(std::uint32_t, const trace::Launch& launch) override {
    count(launch.header.time, &WindowFacts::launches);
  }
  void on_graph_launch(std::uint32_t, const trace::GraphLaunch& launch) override {
    count(launch.header.time, &WindowFacts::graph_launches);
  }

 private:
  void count(std::uint64_t ticks, std::uint64_t WindowFacts::*counter) {
    if (WindowFacts* window = window_at(windows_, ticks)) ++(window->*counter);
  }
  std::vector<WindowFacts>& windows_;
};

template <std::size_t N>
std::string name_of(const std::array<const char*, N>& names, const char* what,
                    std::uint32_t number) {
  return number < N ? names[number] : what + (" " + std::to_string(number));
}

}  // namespace

void WindowLedger::mark(const trace::Window& window) {
  const trace::WindowRecord& it = window.fixed;
  WindowFacts& facts = windows_[it.window];
  facts.number = it.window;
  facts.pause_ns += it.pause_ns;
  facts.stored_pages += it.stored_pages;
  facts.stored_bytes += it.stored_bytes;
  if (it.phase == static_cast<std::uint16_t>(trace::WindowPhase::Begin)) {
    facts.begin_ticks = window.header.time;
    facts.reason = window_reason_name(it.reason);
    facts.text = window.text;
    facts.verify = it.verify;
    facts.live_bytes = it.live_bytes;
    facts.pages = it.pages;
  } else {
    facts.end_ticks = window.header.time;
    facts.end_reason = window_reason_name(it.reason);
    facts.end_text = window.text;
  }
}

std::vector<WindowFacts> WindowLedger::settle() {
  std::vector<WindowFacts> settled;
  for (auto& [number, facts] : windows_) {
    if (facts.begin_ticks != 0) settled.push_back(std::move(facts));
  }
  std::stable_sort(settled.begin(), settled.end(),
                   [](const auto& a, const auto& b) { return a.begin_ticks < b.begin_ticks; });
  for (const PointSeen& point : points_) {
    WindowFacts* window = window_at(settled, point.time);
    if (window == nullptr) continue;
    ++window->points;
    window->effects += point.kind == static_cast<std::uint16_t>(trace::PointKind::Effect);
  }
  return settled;
}

void count_launches(const std::filesystem::path& log, std::vector<WindowFacts>& windows) {
  LaunchCounter counter(windows);
  (void)trace::read_log_file(log, counter);
}

std::string window_reason_name(std::uint16_t reason) {
  static constexpr std::array kNames = {"unknown", "launches", "graph launches", "kernel",
                                        "range",   "signal",   "time",           "control",
                                        "bytes",   "seconds",  "process end",    "failure"};
  return name_of(kNames, "reason", reason);
}

std::string region_kind_name(std::uint16_t kind) {
  static constexpr std::array kNames = {"unknown", "device",     "pool",   "mapped", "managed",
                                        "pinned",  "registered", "symbol", "foreign"};
  return name_of(kNames, "kind", kind);
}

std::string verify_level_name(std::uint32_t level) {
  static constexpr std::array kNames = {"none", "window", "launch"};
  return name_of(kNames, "level", level);
}

std::string effect_reason_name(std::uint16_t reason) {
  static constexpr std::array kNames = {"", "name", "foreign memory", "host function", "pattern"};
  return name_of(kNames, "reason", reason);
}

}  // namespace fib::cli
