// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "driver/driver_api.h"
#include "judge/trial_result.h"

namespace fib::judge {

/// Fills in which GPU and driver it is. Throws driver::DriverError.
void describe_gpu(const driver::DriverApi& api, CUdevice device, TrialResult& result);

}  // namespace fib::judge
