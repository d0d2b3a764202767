// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "judge/workload/materialise.h"

namespace fib::judge {

/// Values of tensors by name, contiguous.
using TensorValues = std::map<std::string, std::vector<std::byte>>;

/// One set of inputs of a Workload, and what the Definition's reference makes of it.
struct WorkloadVariant {
  TensorValues inputs;   ///< that are not as in the first variant; of the first one none
  TensorValues outputs;  ///< all of them, or none where there is no reference
  std::string note;      ///< what differs: "other values in x", "a few other values in x"
};

/// A Workload with all values that a trial needs: its own inputs, and others that nobody has seen.
struct WorkloadCase {
  MaterialisedWorkload workload;          ///< inputs are those of the first variant
  std::vector<WorkloadVariant> variants;  ///< never empty

  [[nodiscard]] bool has_outputs() const { return !variants.front().outputs.empty(); }
};

/// Writes the case into a directory that is there: `workload.json`, `inputs-<n>.safetensors`,
/// `outputs-<n>.safetensors`. Throws registry::RegistryError if that fails.
void write_workload_case(const std::filesystem::path& directory,
                         const registry::Definition& definition, const WorkloadCase& made);

/// Reads what write_workload_case() wrote. Throws std::runtime_error, one line, if it is not all
/// there or does not fit the Definition.
[[nodiscard]] WorkloadCase read_workload_case(const std::filesystem::path& directory,
                                              const registry::Definition& definition);

}  // namespace fib::judge
