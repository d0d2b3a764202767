// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "replayer/timeline.h"

namespace fib::replayer {

/// Steps of a program, e.g. of a decode loop. Times are medians over the steps.
struct StepReport {
  std::uint64_t steps = 0;
  std::uint64_t calls = 0;      ///< launches and graph launches in a step
  std::uint64_t kernels = 0;    ///< that ran in a step
  std::uint64_t period_ns = 0;  ///< from a step's first kernel to the next one's
  std::uint64_t busy_ns = 0, gap_ns = 0;
  double match = 1;  ///< how alike the steps are: the share of launches that are the same
};

/// Steps by repetition (replayer/steps.h); none found: zeros.
[[nodiscard]] StepReport report_steps(const Timeline& timeline,
                                      const std::vector<KernelSpan>& spans);
/// Steps that begin with every kernel whose mangled name `begins` says yes to.
[[nodiscard]] StepReport report_steps(const Timeline& timeline,
                                      const std::vector<KernelSpan>& spans,
                                      const std::function<bool(const std::string&)>& begins);

}  // namespace fib::replayer
