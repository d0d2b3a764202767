// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "judge/cases/choose.h"

namespace fib::judge {

/// Which captured launches become Workloads. The first five are upstream's filter policies.
enum class ExportPolicy : std::uint8_t {
  KeepAll,
  KeepFirst,         ///< of each Definition the first launch
  KeepFirstK,        ///< ... the first k
  KeepFirstKByAxes,  ///< ... the first k for each tuple of axes
  Attention,         ///< ... for each tuple of axes with average lengths instead of totals
  Frequency,         ///< the k classes that ran most often, one launch each
  Farthest           ///< k classes that lie far from each other, the hottest first
};

/// By upstream's names and ours: "keep_all", "keep_first", "keep_first_k", "keep_first_k_by_axes",
/// "attention", "frequency", "farthest".
[[nodiscard]] std::optional<ExportPolicy> export_policy(std::string_view name);

/// Launches to export, in the order in which they count. Those of one class share the number of
/// launches that it stands for.
[[nodiscard]] std::vector<ChosenLaunch> choose_for_export(const std::vector<LaunchClass>& classes,
                                                          ExportPolicy policy, std::size_t k);

/// Leaves out what would exceed `bytes` of input tensors; earlier ones are kept. How many went.
std::size_t keep_within(std::uint64_t bytes, const std::vector<LaunchClass>& classes,
                        std::vector<ChosenLaunch>& chosen);

}  // namespace fib::judge
