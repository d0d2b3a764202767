// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "replayer/machine.h"

namespace fib::replayer {

/// Looks for every content that the window refers to besides the begin of its memory: in the
/// store's index, or, `thoroughly`, by reading it. One that is missing or damaged is a Refusal that
/// names it, with ReplayOptions::force a deviation.
void check_contents(Machine& machine, bool thoroughly);

}  // namespace fib::replayer
