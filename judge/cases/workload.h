// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "judge/cases/case_inputs.h"
#include "registry/model/definition.h"
#include "registry/model/trace.h"

namespace fib::judge {

/// The case as a Workload: its axes, scalars as the launch had them, tensors as "random"; ours in
/// `fibshim`: how often it ran, and where it is from.
[[nodiscard]] registry::Workload workload_of(const Case& subject,
                                             const registry::Definition& definition,
                                             const CaseInputs& inputs);
/// The same, its tensors in a file of tensors at `blob`, relative to the registry's root.
[[nodiscard]] registry::Workload workload_with_blob(const Case& subject,
                                                    const registry::Definition& definition,
                                                    const CaseInputs& inputs,
                                                    const std::string& blob);
/// What a valid Workload lacks: an axis or an input that the launch does not show. Empty if
/// nothing.
[[nodiscard]] std::string what_lacks(const registry::Workload& workload,
                                     const registry::Definition& definition);
/// As a record of workloads/.
[[nodiscard]] registry::Trace workload_record(const std::string& definition,
                                              registry::Workload workload);

}  // namespace fib::judge
