// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace fib::replayer {

/// How launches repeat.
struct Repetition {
  std::size_t period = 0;  ///< launches
  double match = 0;        ///< share of launches that are the same one period later
};

/// The period after which the sequence is most like itself; the shortest of about equally good
/// ones. Nothing if it does not repeat: at least 80 % must match, over at least two periods. Looks
/// at the first 65,536 launches, and at periods up to 16,384.
[[nodiscard]] std::optional<Repetition> find_repetition(std::span<const std::uint64_t> launches);

/// Where steps begin: every whole period from the first launch on.
[[nodiscard]] std::vector<std::size_t> steps_of(const Repetition& repetition, std::size_t launches);

}  // namespace fib::replayer
