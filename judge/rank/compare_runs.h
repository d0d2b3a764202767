// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "judge/rank/result.h"

/// What changed between two states of results.
namespace fib::judge {

enum class ChangeKind : std::uint8_t {
  NewFailure,  ///< passed before, does not now
  Slower,      ///< by the interval, or without one by the numbers
  Fixed,       ///< did not pass before, does now
  Faster,
  NoClearDifference,  ///< the interval holds 1
  StillFails,
  Added,             ///< only in the new state
  Removed,           ///< only in the old state
  NotMeasuredAgain,  ///< one and the same result
};
[[nodiscard]] std::string_view to_string(ChangeKind kind);

/// One Solution on one workload and GPU model. Points into what was compared.
struct Change {
  const Result* before = nullptr;
  const Result* after = nullptr;
  ChangeKind kind = ChangeKind::NoClearDifference;
  /// New time / old time: above 1 it got slower. 0 unless both passed. Where both were measured in
  /// turns with the same incumbent, each time counts in units of the incumbent's, so that a GPU
  /// that is slower today changes nothing, and there is an interval; else milliseconds.
  double ratio = 0;
  std::optional<double> low, high;
  double confidence = 0;  ///< at least, of the interval; 0: not known
  bool against_incumbent = false;

  [[nodiscard]] const Result& any() const { return after != nullptr ? *after : *before; }
};

/// Both of newest(). Worst first: by kind, then the largest ratio.
[[nodiscard]] std::vector<Change> compare_runs(std::span<const Result> before,
                                               std::span<const Result> after);

/// Whether it is a new failure, or slower by more than `percent` with all of its interval.
[[nodiscard]] bool is_regression(const Change& change, double percent);

}  // namespace fib::judge
