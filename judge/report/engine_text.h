// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "judge/report/engine_facts.h"
#include "registry/model/json.h"

/// What the engine runs, for programs and pull requests.
namespace fib::judge {

[[nodiscard]] registry::Json engine_json(const EngineFacts& engine);
/// The kernels that take most time, or where no time is known run most often.
[[nodiscard]] std::string engine_markdown(const EngineFacts& engine);

}  // namespace fib::judge
