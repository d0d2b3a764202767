// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "judge/case.h"

/// What a case is called: the same for the same launch, binding and Definition, in every run.
namespace fib::judge {

/// The case's directory: "rmsnorm_h4096-3f2a9c01b7d4".
[[nodiscard]] std::string case_id(const Case& subject);
/// Of the Workload that stands for the case in a registry.
[[nodiscard]] std::string workload_uuid(const Case& subject);

}  // namespace fib::judge
