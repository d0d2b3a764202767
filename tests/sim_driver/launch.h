// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/sim_driver/work.h"

namespace fib::sim {

/// The kernel parameters of a launch call: an array of pointers, or one buffer (`extra`).
ParamBlock pack_params(const LoadedKernel& kernel, void** params, void** extra);

/// Fails with INVALID_VALUE if the device could not take the launch.
void check_launch(const KernelLaunch& launch);
/// Copies the attributes; an unknown one is INVALID_VALUE.
std::vector<CUlaunchAttribute> checked_attributes(const CUlaunchAttribute* attributes,
                                                  unsigned count);

/// Launches a kernel on the stream.
void launch(Call& c, const StreamPtr& stream, KernelLaunch request);

}  // namespace fib::sim
