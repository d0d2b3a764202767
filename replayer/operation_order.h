// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "replayer/plan.h"

namespace fib::replayer {

/// Puts the operations in the order to run, with the births of regions among them; marks what went
/// into stream captures; gives graph launches their graphs.
void order_operations(Plan& plan);

}  // namespace fib::replayer
