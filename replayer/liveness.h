// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "replayer/plan.h"

namespace fib::replayer {

/// Finds which operation ends which region: RegionPlan::died, Operation::deaths.
void find_deaths(Plan& plan);

}  // namespace fib::replayer
