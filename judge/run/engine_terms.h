// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "registry/match/spec.h"

namespace fib::judge {

/// What a candidate asks of the launch that it replaces beside axes, inputs and outputs, in a
/// clause: "copy parameter 3 of the engine's launch"; empty: nothing, so that it can be launched
/// on a Workload, where there is no such launch.
[[nodiscard]] std::string asked_of_engine(const match::CandidateSpec& candidate);

}  // namespace fib::judge
