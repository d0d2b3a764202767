// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "trace/capture.h"

namespace fib::trace {

struct TrimOptions {
  std::set<std::uint32_t> windows;                         ///< numbers; empty: all
  std::function<bool(const std::string& mangled)> kernel;  ///< empty: all
};

struct TrimSummary {
  std::size_t processes = 0, windows = 0, images = 0, pages = 0;
  std::uint64_t page_bytes = 0;
  std::uint64_t launches = 0, launches_before = 0;  ///< of both sorts
  std::uint64_t effects = 0;  ///< of `launches`: of other kernels, now replayed by their effect
  std::vector<std::string> warnings;  ///< one line each: logs that could be read in part only
};

/// Writes a smaller capture to `out`, which must not exist yet. See docs/cli.md for what is kept.
/// Throws CaptureError: when nothing would be left, when a window can't be trimmed so, and for what
/// can't be read or written.
[[nodiscard]] TrimSummary trim_capture(const Capture& capture, const std::filesystem::path& out,
                                       const TrimOptions& options);

}  // namespace fib::trace
