// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "judge/case.h"
#include "judge/cases/survey.h"

namespace fib::judge {

/// GPU time that all launches of a class take, about, by the bytes of their tensors: a survey has
/// no times, and most kernels take as long as their memory does.
[[nodiscard]] double estimated_cost_ns(const LaunchClass& of);
/// Of the class that a case stands for: by its time within the window where that was measured.
[[nodiscard]] double cost_ns(const Case& subject);

}  // namespace fib::judge
