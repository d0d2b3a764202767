// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "replayer/launch_table.h"
#include "replayer/machine.h"

namespace fib::replayer {

/// The first point of the recording at which memory is not as recorded.
struct Divergence {
  std::string text;                                 ///< what differs, and after which launch
  bool nondeterministic = false;                    ///< another run differs in another way
  std::uint64_t first_launch = 0, last_launch = 0;  ///< those since the last point that agreed
};

[[nodiscard]] bool has_points(const Plan& plan);

/// Runs the window once more and compares at every point, up to the first that differs; then runs
/// up to there again. Nothing if all points agree. Throws as run_window().
[[nodiscard]] std::optional<Divergence> find_divergence(Machine& machine, LaunchTable& launches);

/// ", at 0x...: 0x... , recorded was 0x..." for the first 8-byte word of a page that differs from
/// the recorded content; "" where that is not stored. The GPU must be idle.
[[nodiscard]] std::string first_different_word(Machine& machine, std::uint32_t page);

}  // namespace fib::replayer
