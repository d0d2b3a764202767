// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "trace/format.h"

/// What the user says about windows, as one line: FIBSHIM_WINDOW, "window" in the configuration,
/// `fib record --window`, `fib ctl PID window start`. docs/configuration.md lists the words.
namespace fib::trace {

enum class WindowStart : std::uint8_t {
  Control,  ///< only when `fib ctl` asks
  Launch,
  GraphLaunch,
  Kernel,
  Range,
  Signal,
  Time,
};

struct WindowSpec {
  WindowStart start = WindowStart::Control;
  std::uint64_t at = 0;    ///< launch or graph launch, from 1; signal; nanoseconds
  std::string start_name;  ///< Kernel: POSIX extended regular expression; Range: its name

  // What ends it, whichever comes first; 0 or empty: not that. Ranges also end with their range,
  // signals with the next signal.
  std::uint64_t launches = 0, graph_launches = 0;
  std::string until_kernel;  ///< regular expression
  std::uint64_t duration_ns = 0;

  // Budgets: end it before its time.
  std::uint64_t budget_bytes = std::uint64_t{64} << 30;  ///< stored, before compression
  std::uint64_t budget_ns = 0;                           ///< 0: none

  std::uint32_t count = 1;  ///< windows; each trigger starts to count when the last one ended
  VerifyLevel verify = VerifyLevel::Window;
};

/// Comma-separated words KEY=VALUE; `\,` is a comma within a value. False: `error` says in one line
/// what is wrong and what would be right, and `spec` is undefined. Throws std::bad_alloc.
[[nodiscard]] bool parse_window_spec(std::string_view text, WindowSpec& spec, std::string& error);

/// "64G", "512M", "1000": bytes by powers of 1024. False if it is no such number, or 0.
[[nodiscard]] bool parse_bytes(std::string_view text, std::uint64_t& bytes) noexcept;
/// "2.5" to nanoseconds. False if it is no positive number, or more than ten years.
[[nodiscard]] bool parse_seconds(std::string_view text, std::uint64_t& ns) noexcept;

}  // namespace fib::trace
