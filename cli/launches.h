// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "launches/kernel_code.h"
#include "launches/launch_forms.h"

namespace fib::cli {

using launches::KernelCodeReader;
using launches::LaunchedKernel;
using launches::LaunchForm;
using launches::MemoryEvent;
using launches::ProcessLaunches;

/// launches::read_all_launches, with its error as the tool's and what it says as warnings.
[[nodiscard]] std::vector<ProcessLaunches> read_all_launches(
    const trace::Capture& capture, const std::function<bool(const std::string&)>& wanted);

}  // namespace fib::cli
