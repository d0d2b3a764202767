// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dispatch/shadow/mismatch.h"
#include "registry/model/json.h"
#include "registry/model/safetensors.h"
#include "registry/model/trace.h"

/// A Mismatch as the records of a FlashInfer Trace dataset.
namespace fib::dispatch {

/// "bindings/<op_type>/..." says the op_type of the Definition; "unknown" if not.
[[nodiscard]] std::string op_type_of(const Mismatch& mismatch);

/// Whether the launch shows all that a Workload has to say.
[[nodiscard]] bool has_workload(const Mismatch& mismatch);
/// A Workload that finds its tensors in `blob`, a path within the dataset. What was not kept is
/// "random".
[[nodiscard]] registry::Trace workload_of(const Mismatch& mismatch, const std::string& uuid,
                                          const std::string& blob);
/// Everything that was kept: inputs by name, outputs as "incumbent.NAME" and "candidate.NAME".
/// Borrows from the mismatch.
[[nodiscard]] std::vector<registry::TensorData> blob_of(const Mismatch& mismatch);

/// mismatch.json: what was launched, and what differs.
[[nodiscard]] registry::Json describe_mismatch(const Mismatch& mismatch, const std::string& uuid,
                                               const std::string& blob);

}  // namespace fib::dispatch
